"""A study's targets: every task's columns by person, checked against what its kind allows."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from flows.features.guard import FeatureError, Tables
from flows.features.lookup import study_features
from mtl_models.data.dataset import PERSON
from mtl_models.data.targets import target_faults
from mtl_models.data.tasks import Task


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
        faults += [f"task {task.name}: {fault}" for fault in target_faults(task, joined)]
    if faults:
        raise FeatureError(*faults)
    return joined
