"""How well the model works in the declared groups of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import collect
from mtl_models.metrics.groups import MOST_VALUES, groups_of
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.subgroups import by_group


def in_subgroups(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    features: pl.DataFrame,
    tasks: Sequence[Task],
    settings: EvaluationSettings,
    *,
    part: str,
    declared: Mapping[str, Sequence[float]],
) -> dict[str, Any]:
    """The record of :func:`mtl_models.metrics.subgroups.by_group` for the people of ``part``.

    Args:
        predictions: the prediction table, of which the compared model's rows count.
        features: the feature table.
        declared: feature columns that tell groups apart, each with the numbers that part it. A column that is not
            there, or has too many values to be groups, is left out: the gate says so.
    """
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions.filter(pl.col("model") == settings.model), targets, splits, main, part=part)
    named = [column for column in declared if column in features.columns]
    people = pl.DataFrame({PERSON: sample.persons}).join(
        features.select(PERSON, *named), on=PERSON, how="left", maintain_order="left"
    )
    partitions = {column: dict(groups_of(people[column], declared[column])) for column in named}
    few = {column: groups for column, groups in partitions.items() if 1 < len(groups) <= MOST_VALUES}
    return by_group(sample, main, few, settings)
