"""Predictions as a Polars frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task


def prediction_frame(person: np.ndarray, predictions: Mapping[str, np.ndarray], tasks: Iterable[Task]) -> pl.DataFrame:
    """One row a person with every task's ``prediction_columns``, Float64.

    Raises:
        ValueError: if a task's predictions lack or do not have the task's shape.
    """
    columns: dict[str, np.ndarray] = {}
    for task in tasks:
        if task.name not in predictions:
            raise ValueError(f"task {task.name}: no predictions; there are those of {', '.join(sorted(predictions))}")
        values = predictions[task.name]
        if values.shape != (len(person), task.n_outputs):
            raise ValueError(
                f"task {task.name}: predictions have shape {values.shape}, not {(len(person), task.n_outputs)}"
            )
        columns.update(zip(task.prediction_columns, values.astype(np.float64).T, strict=True))
    people = pl.Series(PERSON, person.astype(str), dtype=pl.String)
    return pl.DataFrame([people, *(pl.Series(name, np.ascontiguousarray(column)) for name, column in columns.items())])


def prediction_rows(
    model: str,
    seed: int,
    resample: str,
    predictions: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]],
    tasks: Iterable[Task],
) -> pl.DataFrame:
    """Predictions of one fit as rows of a predictions table; ``predictions`` maps a part to people and values."""
    tasks = tuple(tasks)
    frames = [
        prediction_frame(person, values, tasks).select(
            pl.lit(model).alias("model"),
            pl.lit(seed, pl.Int32).alias("seed"),
            pl.lit(resample).alias("resample"),
            pl.lit(part).alias("part"),
            pl.all(),
        )
        for part, (person, values) in predictions.items()
    ]
    return pl.concat(frames)
