"""The contract of a study's score table, derived from the tasks that are scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mtl_models.data.tasks import Task
from schemas.published import ScoreColumn, scores_schema


def scores_contract(tasks: Iterable[Task]) -> Any:
    """What the score table of ``tasks`` must look like: columns, types, units, ranges and allowed values."""
    return scores_schema([column for task in tasks if task.role == "main" for column in _columns(task)])


def _columns(task: Task) -> Iterator[ScoreColumn]:
    """The predicted value, class or labels of a task, then its probabilities."""
    if task.kind == "regression":
        yield ScoreColumn(name=task.name, kind="number", unit=task.unit, title=task.title)
        return
    if task.kind == "binary":
        yield ScoreColumn(name=task.name, kind="binary", title=task.title)
    elif task.kind == "multilabel":
        yield ScoreColumn(name=task.name, kind="set", values=task.labels, title=task.title)
    else:
        yield ScoreColumn(name=task.name, kind="class", values=task.classes, title=task.title)
    for name in task.prediction_columns:
        yield ScoreColumn(name=name, kind="probability", title=task.title)
