"""Targets: what a task's columns may hold, and how a frame's own columns become them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of


def target_faults(task: Task, targets: pl.DataFrame) -> Iterator[str]:
    """What is wrong with the values of a task's columns, as counts; columns that lack are passed over."""
    kind = kind_of(task)
    for column in task.target_columns:
        if column not in targets.columns:
            continue
        values = targets[column]
        if not values.dtype.is_numeric() and values.dtype not in (pl.Boolean, pl.Null):
            yield f"its target {column} is {type(values.dtype).__name__}; give {kind.allowed(task)}"
            continue
        numbers = values.cast(pl.Float64).fill_nan(None).drop_nulls().to_numpy()
        if n_wrong := int((~kind.is_allowed(task, numbers)).sum()):
            yield f"its target {column} has {n_wrong} of {len(numbers)} values other than {kind.allowed(task)}"


def source_columns(task: Task, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns of a frame that hold a task's targets, in the order of its target columns; none if they lack.

    They are named as the target columns are, or stand in the task's record under ``columns``, one for each.
    """
    known = set(columns)
    wanted = task.target_columns
    choices = [wanted, task.columns, (task.name,)]
    return next((each for each in choices if len(each) in (1, len(wanted)) and each and set(each) <= known), ())


def frame_targets(frame: pl.DataFrame, tasks: Iterable[Task]) -> pl.DataFrame:
    """The target columns of the tasks, from columns of a frame: classes by their names or places, labels as lists.

    Raises:
        ValueError: for a task whose columns are not there, or that have values which its kind does not allow.
    """
    series: list[pl.Series] = []
    for task in tasks:
        names = source_columns(task, frame.columns)
        if not names:
            raise ValueError(
                f"tasks: the frame has no column {' or '.join(task.target_columns)} for task {task.name}: "
                "name its column under the task's columns"
            )
        series += _targets(task, [frame[name] for name in names])
    targets = pl.DataFrame(series)
    for task in tasks:
        if fault := next(target_faults(task, targets), None):
            raise ValueError(f"tasks: task {task.name}: {fault}")
    return targets


def _targets(task: Task, columns: list[pl.Series]) -> list[pl.Series]:
    if task.labels and len(columns) == 1 and isinstance(columns[0].dtype, pl.List):
        return _listed(task, columns[0])
    if len(columns) != len(task.target_columns):
        raise ValueError(
            f"tasks: column {columns[0].name} of task {task.name} must hold lists of its labels, "
            f"not {type(columns[0].dtype).__name__}"
        )
    codes = [_codes(task, column) if task.classes else column for column in columns]
    return [column.alias(name) for column, name in zip(codes, task.target_columns, strict=True)]


def _codes(task: Task, column: pl.Series) -> pl.Series:
    """Classes as their places. Numbers are names where every class is named by a whole number, else places."""
    numbers = all(name.lstrip("-").isdigit() for name in task.classes)
    if column.dtype.is_numeric() and not numbers:
        return column
    if column.dtype.is_float():
        column = column.fill_nan(None).cast(pl.Int64, strict=False)
    texts = column.cast(pl.String)
    codes = texts.replace_strict(
        list(task.classes), list(range(len(task.classes))), default=None, return_dtype=pl.Int64
    )
    if n_wrong := codes.null_count() - column.null_count():
        raise ValueError(
            f"tasks: column {column.name} of task {task.name} has {n_wrong} of {len(column)} values that are none of "
            "its classes: name them all under the task's classes"
        )
    return codes


def _listed(task: Task, column: pl.Series) -> list[pl.Series]:
    """A column of lists of labels as one column of 0 and 1 a label."""
    if n_wrong := int((~column.explode().drop_nulls().cast(pl.String).is_in(list(task.labels))).sum()):
        raise ValueError(
            f"tasks: column {column.name} of task {task.name} has {n_wrong} entries that are none of its labels: "
            "name them all under the task's labels"
        )
    return [
        column.list.contains(label).cast(pl.Int8).alias(name)
        for label, name in zip(task.labels, task.target_columns, strict=True)
    ]
