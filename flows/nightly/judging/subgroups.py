"""Whether a challenger is worse than the champion by a margin in a subgroup of the people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from flows.nightly.judging.checks import Check
from flows.nightly.judging.compared import Rules, mean_gain
from flows.nightly.judging.predicted import People, Predicted
from flows.report.words import count
from mtl_models.data.tasks import Task
from mtl_models.metrics.groups import MOST_VALUES, groups_of


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
        found = {f"{column}, {name}": rows for name, rows in groups_of(people.features[column], cuts)}
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
