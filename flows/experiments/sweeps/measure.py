"""What sharing is worth at every point of a sweep, with intervals over people and seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from flows.experiments.sweeps.points import Point, build
from flows.experiments.sweeps.settings import COLUMNS, SHARED, SweepSettings
from flows.fitting.names import ModelName
from mtl_models.data.dataset import PERSON
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.comparison import bounded_gain, verdict
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import loss_name, score_task
from mtl_models.metrics.settings import CONFIDENCE

_ROUNDING = Rounding(4, CONFIDENCE)


def measure(sweep: SweepSettings, points: Sequence[Point], files: Sequence[Path], root: Path) -> dict[str, Any]:
    """The sweep as plain JSON types: every line's points and how its gain changes between the contrasted values."""
    with threadpool_limits(1, user_api="blas"):
        measured = [_point(point, file, root, sweep.replicates) for point, file in zip(points, files, strict=True)]
    gains = {(point.line, point.value): gain for point, (_, gain) in zip(points, measured, strict=True)}
    lines = []
    for name in sweep.lines:
        records = [record for point, (record, _) in zip(points, measured, strict=True) if point.line == name]
        first, last = (gains[name, value] for value in sweep.ends)
        task = next(point.reported for point in points if point.line == name)
        lines.append({"line": name, "task": task, "points": records, "change": _figure(last - first)})
    return {
        "title": sweep.title,
        "question": sweep.question,
        "axis": sweep.axis,
        "form": sweep.form,
        "ends": list(sweep.ends),
        "family": sweep.data.family,
        "seeds": len(sweep.training.seeds),
        "lines": lines,
    }


def _point(point: Point, file: Path, root: Path, replicates: int) -> tuple[dict[str, Any], np.ndarray]:
    """A point's record, and its gain in the sample and in every replicate.

    Raises:
        ValueError: if its predictions are of other people, or too few of these have what is predicted.
    """
    losses, labels, n_people = _losses(point, file, root, replicates)
    gains = {task: bounded_gain(losses[SHARED][task], losses[SHARED.twin][task]) for task in losses[SHARED]}
    mean = mean_of_defined(gains)
    figure = _figure(mean.values)
    if figure["low"] is None:
        undefined = f": no figure for {', '.join(mean.left_out)}" if mean.left_out else ""
        raise ValueError(f"{point.line}, {point.value:g}: too few people or classes to be measured{undefined}")
    shown = [task for task in gains if task not in mean.left_out]
    word = verdict(figure["low"], figure["high"], is_twin=True)
    record = {
        "value": point.value,
        "gain": {**figure, "verdict": word, "n_tasks": mean.n, "left_out": list(mean.left_out)},
        "loss": sorted({labels[task].loss for task in shown}),
        **{
            COLUMNS[model]: _ROUNDING.number(np.mean([found[task][0] for task in shown]))
            for model, found in losses.items()
        },
        "n_labels": round(float(np.mean([each.n for each in labels.values()]))),
        "n_people": n_people,
    }
    return record, mean.values


@dataclass(frozen=True)
class _Labels:
    """The loss of a task, and its labels in the training part of the last seed."""

    loss: str
    n: int


def _losses(
    point: Point, file: Path, root: Path, replicates: int
) -> tuple[dict[ModelName, dict[str, np.ndarray]], dict[str, _Labels], int]:
    """Losses by model and task in the sample and in every replicate, labels by task, and the people measured."""
    frame = pl.read_parquet(file)
    seeds = point.training.seeds
    # the seeds stand for other draws of the data and the networks: they are resampled like the people
    shares = _counts(len(seeds), replicates, 1) / len(seeds)
    losses: dict[ModelName, dict[str, np.ndarray]] = {model: {} for model in COLUMNS}
    for seed, share in zip(seeds, shares, strict=True):
        material = build(point, root, seed)
        people, shown = material.measured, [task for task in material.shown if point.reported in (None, task.name)]
        counts = _counts(len(people), replicates, 0)
        for model, found in losses.items():
            rows = frame.filter((pl.col("seed") == seed) & (pl.col("model") == model.text))
            if not np.array_equal(rows[PERSON].to_numpy(), people.person):
                raise ValueError(f"{file.name} holds predictions of other people: delete it and run the sweep again")
            for task in shown:
                predicted = rows.select(task.prediction_columns).to_numpy()
                scores = score_task(task, people.targets[task.name], predicted, counts)
                found[task.name] = found.get(task.name, 0.0) + share * scores.metrics[loss_name(task)]
    labelled = {task: int((~np.isnan(material.train.targets[task.name])).any(axis=1).sum()) for task in shown}
    return losses, {task.name: _Labels(loss_name(task), n) for task, n in labelled.items()}, len(people)


@lru_cache(maxsize=4)
def _counts(n: int, replicates: int, seed: int) -> np.ndarray:
    """The same replicates for all points: differences of points are paired."""
    return resample_counts(n, replicates=replicates, seed=seed)


def _figure(values: np.ndarray) -> dict[str, float | None]:
    return _ROUNDING.figure(values, shown=True)
