"""What models say of the same people, and its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from mtl_models.data.tasks import Task
from mtl_models.metrics.losses import score_loss
from mtl_models.metrics.score import TaskScores, score_task


@dataclass(frozen=True)
class Predicted:
    """What one model says of some people, the same in every frame and in the same order.

    Attributes:
        frames: one of an exported file; of folds one for each repeat, every person predicted by the networks that were
            not trained on them.
        seeds: what networks of the same recipe say, one frame for each seed; none where nobody kept them.
    """

    frames: tuple[pl.DataFrame, ...]
    seeds: tuple[pl.DataFrame, ...] = ()

    def of(self, rows: np.ndarray) -> Predicted:
        """Some of the people. Shape: ``(n,)`` bool."""
        return Predicted(*(tuple(each.filter(pl.Series(rows)) for each in part) for part in (self.frames, self.seeds)))


@dataclass(frozen=True)
class People:
    """Those that a model is judged on.

    Attributes:
        targets: their outcomes, a row a person.
        whose: what to call them, such as ``validation people``.
        features: a row a person, for subgroups.
    """

    targets: pl.DataFrame
    whose: str = "validation people"
    features: pl.DataFrame | None = None

    @property
    def n(self) -> int:
        """How many they are."""
        return self.targets.height

    def truth(self, task: Task) -> np.ndarray:
        """A task's outcomes, NaN where they are missing. Shape: ``(n, n_columns)``."""
        columns = pl.col(task.target_columns).cast(pl.Float64).fill_null(float("nan"))
        return self.targets.select(columns).to_numpy()

    def of(self, rows: np.ndarray) -> People:
        """Some of them. Shape: ``(n,)`` bool."""
        features = None if self.features is None else self.features.filter(pl.Series(rows))
        return People(self.targets.filter(pl.Series(rows)), self.whose, features)


def scores_of(frame: pl.DataFrame, people: People, tasks: Sequence[Task]) -> dict[str, TaskScores]:
    """Metrics of a frame of predictions by task."""
    return {
        task.name: score_task(task, people.truth(task), frame.select(task.prediction_columns).to_numpy())
        for task in tasks
    }


def losses_of(frame: pl.DataFrame, people: People, tasks: Sequence[Task], counts: np.ndarray) -> dict[str, TaskScores]:
    """The loss of a frame of predictions by task, in the sample and in every replicate."""
    return {
        task.name: score_loss(task, people.truth(task), frame.select(task.prediction_columns).to_numpy(), counts)
        for task in tasks
    }


def mean_scores(each: Sequence[dict[str, TaskScores]]) -> dict[str, TaskScores]:
    """Metrics by task averaged over frames of the same people; what is undefined in one is so in all."""
    if len(each) == 1:
        return each[0]
    return {
        name: TaskScores(
            {metric: np.mean([scores[name].metrics[metric] for scores in each], axis=0) for metric in first.metrics},
            undefined=first.undefined,
            left_out=first.left_out,
        )
        for name, first in each[0].items()
    }
