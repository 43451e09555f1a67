"""A study's targets: every task's columns by person, checked against what its kind allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from flows.features.guard import FeatureError, Tables
from flows.features.lookup import study_features
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of


def cohort_targets(study: str, tables: Tables, people: pl.DataFrame, tasks: Collection[Task]) -> pl.DataFrame:
    """One row for each of ``people``, in their order: the target columns of the tasks, null where there is no label.

    Raises:
        FeatureError: with all that is wrong: a column that is not there, values that the task's kind does not allow.
    """
    targets = study_features(study).targets(tables)
    columns = [column for task in tasks for column in task.target_columns]
    faults = []
    if missing := [column for column in columns if column not in targets.columns]:
        faults.append(f"the target function of {study} gives no column {', '.join(missing)}: its tasks need it")
    present = [column for column in columns if column in targets.columns]
    joined = people.select(PERSON).join(targets, on=PERSON, how="left", maintain_order="left").select(PERSON, *present)
    for task in tasks:
        faults += [f"task {task.name}: {fault}" for fault in _kind_faults(task, joined)]
    if faults:
        raise FeatureError(*faults)
    return joined


def _kind_faults(task: Task, targets: pl.DataFrame) -> Iterator[str]:
    """What is wrong with the values of a task's columns, as counts."""
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
