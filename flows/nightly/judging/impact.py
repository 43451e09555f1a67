"""How scores of the same people change from one model to another, task by task: shares and means, no person's row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.report.words import NBSP, count, points
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of


@dataclass(frozen=True)
class Impact:
    """What a change of the model means for one task.

    Attributes:
        task: its name.
        decisions: the share of people whose decision, class or set of labels is another one; of a number nothing.
        before, after: the mean of each score column, by its name.
        moved: the median and the 95 % quantile of how far the scores of a person move, at most, over the columns.
    """

    task: str
    decisions: str
    before: str
    after: str
    moved: str


def impact_of(
    before: pl.DataFrame, after: pl.DataFrame, tasks: Sequence[Task], names: Sequence[str], min_count: int
) -> list[Impact]:
    """The impact on the tasks of both, from the scores of the same people in the same order; none of too few people."""
    if before.height < min_count:
        return []
    return [_impact(before, after, task, min_count) for task in tasks if task.name in names]


def _impact(before: pl.DataFrame, after: pl.DataFrame, task: Task, min_count: int) -> Impact:
    columns = list(task.prediction_columns)
    old, new = (frame.select(columns).to_numpy().astype(float) for frame in (before, after))
    is_number = kind_of(task).form == "number"
    distances = np.abs(new - old).max(axis=1)
    half, most = np.quantile(distances, [0.5, 0.95])
    unit = f" {task.unit}" if is_number and task.unit else ""
    return Impact(
        task=task.name,
        decisions="–" if is_number else _share(before[task.name], after[task.name], min_count),
        before=_means(old, columns, unit),
        after=_means(new, columns, unit),
        moved=f"{half:.3g}{unit}; {most:.3g}{unit}",
    )


def _share(before: pl.Series, after: pl.Series, min_count: int) -> str:
    """Of people whose decision changed; a few of them could be recognised."""
    differ = pl.DataFrame({"before": before, "after": after}).select(pl.col("before").ne_missing(pl.col("after")))
    n = int(differ.to_series().sum())
    if 0 < n < min_count:
        return f"{count(n, min_count)} of {before.len():,}"
    return f"{points(n / before.len())}{NBSP}% ({n:,} of {before.len():,})"


def _means(values: np.ndarray, columns: Sequence[str], unit: str) -> str:
    found = [f"{mean:.3g}{unit}" for mean in values.mean(axis=0)]
    if len(columns) == 1:
        return found[0]
    return ", ".join(f"{name.rpartition('__p_')[2]} {mean}" for name, mean in zip(columns, found, strict=True))
