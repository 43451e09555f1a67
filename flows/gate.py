"""The gate between challenger and champion: relative loss on the same people, with a paired interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from flows.settings import GateSettings
from mtl_models.bootstrap import percentile_interval, resample_counts
from mtl_models.metrics.score import loss_name, score_task
from mtl_models.tasks import Task

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Gain:
    """Relative reduction of the loss by the challenger: above 0 it is better. ``n`` people, 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """What the gate says: the challenger passes unless it is worse beyond the interval of the mean gain."""

    passes: bool
    words: str
    n: int
    mean: Gain
    tasks: dict[str, Gain]


def compare(
    challenger: pl.DataFrame,
    champion: pl.DataFrame,
    targets: pl.DataFrame,
    tasks: Iterable[Task],
    settings: GateSettings,
) -> Verdict:
    """Judge two score tables of the same people in the same order against their targets."""
    counts = resample_counts(targets.height, replicates=settings.replicates, seed=settings.seed)
    gains: dict[str, np.ndarray] = {}
    for task in tasks:
        truth = targets.select(pl.col(task.target_columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
        if np.isnan(truth).all():
            continue
        new, old = (_loss(task, truth, scores, counts) for scores in (challenger, champion))
        with np.errstate(divide="ignore", invalid="ignore"):
            gains[task.name] = np.where(old > 0, 1 - new / old, 0.0)
    mean = _gain(np.mean(list(gains.values()), axis=0))
    passes = mean.high >= 0
    words = (
        f"mean relative gain over the champion {mean.value:+.2%} [{mean.low:+.2%}, {mean.high:+.2%}] on "
        f"{targets.height} validation people: {'not worse' if passes else 'worse beyond the interval'}"
    )
    return Verdict(passes, words, targets.height, mean, {name: _gain(values) for name, values in gains.items()})


def _loss(task: Task, truth: np.ndarray, scores: pl.DataFrame, counts: np.ndarray) -> np.ndarray:
    prediction = scores.select(task.prediction_columns).to_numpy()
    losses: np.ndarray = score_task(task, truth, prediction, counts).metrics[loss_name(task)]
    return losses


def _gain(values: np.ndarray) -> Gain:
    low, high = percentile_interval(values, confidence=CONFIDENCE) or (float("nan"), float("nan"))
    return Gain(round(float(values[0]), 6), round(low, 6), round(high, 6))
