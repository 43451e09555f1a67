"""Whether a challenger is worse than the champion by a margin in a subgroup of the people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from flows.nightly.judging.checks import Check
from flows.nightly.judging.compared import Rules, mean_gain
from flows.nightly.judging.predicted import People, Predicted
from flows.report.words import count
from mtl_models.data.tasks import Task

MOST_VALUES = 12  # a column of more is a number that has no groups


def subgroup_checks(
    ours: Predicted, theirs: Predicted, people: People, tasks: Sequence[Task], rules: Rules
) -> list[Check]:
    """A check a group; a small group is not judged, and only said to be small."""
    gate, min_count = rules.gate, rules.evaluation.min_count
    if not gate.subgroups:
        return [Check.not_judged("subgroups", "no column is declared (gate.subgroups)")]
    checks: list[Check] = []
    groups: dict[str, np.ndarray] = {}
    for column, cuts in gate.subgroups.items():
        if people.features is None or column not in people.features.columns:
            checks.append(Check.of(f"subgroups of {column}", False, "there is no such feature (gate.subgroups)"))
            continue
        found = dict(groups_of(people.features[column], cuts))
        if len(found) > MOST_VALUES:
            many = f"more than {MOST_VALUES} values: part it by numbers, {column}: [40, 60] (gate.subgroups)"
            checks.append(Check.of(f"subgroups of {column}", False, many))
            continue
        groups |= found
    large = {name: rows for name, rows in groups.items() if rows.sum() >= gate.subgroup_people}
    for name, rows in groups.items():
        if name not in large:
            n = count(int(rows.sum()), min_count)
            words = f"{n} people: fewer than {gate.subgroup_people} (gate.subgroup_people) are not judged"
            checks.append(Check.not_judged(name, words))
            continue
        margin = rules.margin(gate.margins.subgroup, len(large))
        checks.append(mean_gain(name, ours.of(rows), theirs.of(rows), people.of(rows), tasks, rules, margin))
    return checks


def groups_of(values: pl.Series, cuts: Sequence[float]) -> Iterator[tuple[str, np.ndarray]]:
    """The groups that a column tells apart, by name; who lacks a value is in none. Shape: ``(n,)`` bool each."""
    if cuts:
        edges = [-np.inf, *sorted(cuts), np.inf]
        numbers = values.cast(pl.Float64)
        for low, high in pairwise(edges):
            within = f"under {high:g}" if low == -np.inf else f"{low:g} and more" if high == np.inf else ""
            rows = ((numbers >= low) & (numbers < high)).fill_null(False).to_numpy()
            yield f"{values.name}, {within or f'{low:g} to {high:g}'}", rows
        return
    texts = values.cast(pl.String)
    for value in texts.drop_nulls().unique().sort().head(MOST_VALUES + 1):
        yield f"{values.name}, {value}", (texts == value).fill_null(False).to_numpy()
