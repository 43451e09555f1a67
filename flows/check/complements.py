"""Columns that complete a hidden one: "on a diet, and on none of the others" says that it is the diabetic one.

A hidden column is foretold, out of sample, by the features that its tasks see. Those of its own table may tell far more
of it than those of all other tables do, or, where there is one table only, a few of them together far more than each
apart. Then they stand in for it, and hiding it hides little. So does a single feature that tells nearly all of it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.check.hidden import HiddenColumn, facets, hidden_columns, values_of
from flows.check.sources import features_of
from flows.features.cohort import Cohort, cohort_spec
from flows.features.labels import FINAL
from flows.project.settings import StudySettings
from flows.report.words import listing
from mtl_models.data.dataset import FeatureSpec, to_matrices
from mtl_models.metrics.correlation import best_squares
from mtl_models.metrics.told import share_told, telling
from schemas.contract import load_contract

MARGIN = 0.2
"""So much more R2 than what it is compared with, and features complete a hidden column."""
COPY = 0.9
"""R2 from which features are the hidden column in another form, whatever each of them tells alone."""
Columns = dict[str, np.ndarray]
"""A feature's name to its matrix: one column for a number, one a category for a category, NaN where missing."""


@dataclass(frozen=True)
class Complement:
    """Features that tell a hidden column.

    Attributes:
        features: those that tell most of it.
        told: R2 out of sample, from all features of its table, or of the one copy.
        compared: what the figure is compared with, in words.
        n: training people in whom the column is known.
    """

    hidden: HiddenColumn
    features: tuple[str, ...]
    told: float
    compared: str
    n: int


def complement_faults(
    study: str, cohort: Cohort, splits: pl.DataFrame, settings: StudySettings, said: Collection[str] = ()
) -> Iterator[str]:
    """A sentence for every hidden column that is told by what is shown, on training people.

    ``said``: faults that were found before; a feature that one of them names alone is not named again.
    """
    for found in complements(study, cohort, splits, settings):
        if len(found.features) == 1 and any(fault.startswith(f"feature {found.features[0]} alone ") for fault in said):
            continue
        tasks, several = found.hidden.tasks, len(found.features) > 1
        made_of = ", ".join(_made_of(study, cohort, settings, found))
        yield (
            f"{found.hidden.name} is hidden from {'tasks' if len(tasks) > 1 else 'task'} {listing(tasks)}, but "
            f"{'features' if several else 'feature'} {listing(found.features)} "
            f"{'tell it together' if several else 'tells it'}: R² {found.told:.2f} out of sample in {found.n:,} "
            f"training people, {found.compared}. Hide {made_of} under `leaks` too; if it is honest, name it with the "
            f"reason under `near.{tasks[0]}`, which the page shows"
        )


def complements(study: str, cohort: Cohort, splits: pl.DataFrame, settings: StudySettings) -> list[Complement]:
    """For every hidden column the facet that is told most plainly, of those that are told.

    What comes after the prediction moment is no answer: for it only its own table is looked at.
    """
    least = settings.evaluation.min_count
    rows = np.flatnonzero((splits[FINAL] == "train").to_numpy())
    columns = _columns(cohort, cohort_spec(study, cohort, settings.task_records), rows)
    cases = [
        (hidden, facet)
        for hidden in hidden_columns(study, cohort, settings)
        if hidden.near or not hidden.later
        for facet in facets(values_of(study, cohort, rows, hidden.table, hidden.column), least)
    ]
    copies = _copies(columns, [facet for _, facet in cases], least)
    found: dict[HiddenColumn, Complement] = {}
    for (hidden, facet), squares in zip(cases, copies, strict=True):
        told = _copied(hidden, facet, squares) or _completed(hidden, facet, columns, least)
        if told and (hidden not in found or told.told > found[hidden].told):
            found[hidden] = told
    return list(found.values())


def _columns(cohort: Cohort, spec: FeatureSpec, rows: np.ndarray) -> Columns:
    matrices = to_matrices(cohort.features[rows], spec)
    numeric = matrices.numeric.astype(np.float64)
    columns = {each.name: numeric[:, [place]] for place, each in enumerate(spec.numeric)}
    for place, each in enumerate(spec.categorical):
        code = matrices.categorical[:, [place]]
        columns[each.name] = (code == np.arange(len(each.categories))).astype(np.float64)
    return {name: np.where(np.isfinite(matrix), matrix, np.nan) for name, matrix in columns.items()}


def _copies(columns: Columns, outcomes: Sequence[np.ndarray], least: int) -> list[dict[str, float]]:
    """For each facet the best squared correlation with each feature."""
    if not outcomes or not columns:
        return [{} for _ in outcomes]
    matrix, names = np.hstack(list(columns.values())), [name for name, each in columns.items() for _ in each.T]
    squares = np.nan_to_num(best_squares(matrix, np.stack(outcomes, axis=1), 3 * least))
    best: list[dict[str, float]] = []
    for column in squares.T:
        best.append({})
        for name, square in zip(names, column, strict=True):
            best[-1][name] = max(float(square), best[-1].get(name, 0.0))
    return best


def _copied(hidden: HiddenColumn, facet: np.ndarray, squares: dict[str, float]) -> Complement | None:
    """The one feature that is the hidden column in another form, if there is one."""
    mine = hidden.near if hidden.later else (*hidden.near, *hidden.rest)
    name = max(mine, key=lambda each: squares[each], default="")
    if not name or squares[name] < COPY:
        return None
    return Complement(hidden, (name,), squares[name], f"beyond {COPY:g}", int(np.isfinite(facet).sum()))


def _completed(hidden: HiddenColumn, facet: np.ndarray, columns: Columns, least: int) -> Complement | None:
    """The features of its own table that tell more than they should, if they do."""
    near = {name: columns[name] for name in hidden.near}
    told = share_told(_beside(near), facet, least=least) if near else 0.0
    if not told >= MARGIN:
        return None
    if hidden.rest:
        names: tuple[str, ...] = ()
        other = share_told(_beside({name: columns[name] for name in hidden.rest}), facet, least=least)
        compared = f"and {_figure(other)} from all features of other tables"
    else:
        names = telling(near, facet, least=least, of=told)
        other = sum(max(0.0, share_told(columns[name], facet, least=least)) for name in names)
        compared = f"and {_figure(other)} as the sum of what each alone tells"
        if told >= COPY:
            other, compared = 0.0, f"beyond {COPY:g}"
    if told - max(0.0, other) < MARGIN:
        return None
    names = names or telling(near, facet, least=least, of=told)
    return Complement(hidden, names, told, compared, int(np.isfinite(facet).sum()))


def _beside(columns: Columns) -> np.ndarray:
    return np.hstack(list(columns.values()))


def _figure(value: float) -> str:
    return "0" if value < 0.005 else f"{value:.2f}"


def _made_of(study: str, cohort: Cohort, settings: StudySettings, found: Complement) -> list[str]:
    """The source columns without which the features are others."""
    person_table = load_contract(study).person_table
    tables = dict.fromkeys(table for name in found.features for table in cohort.sources[name] or (person_table,))
    columns = [f"{table}.{column}" for table in tables for column in cohort.tables[table].columns]
    made = features_of(study, cohort, settings, columns, found.features)
    return [each for each in columns if made[each]]
