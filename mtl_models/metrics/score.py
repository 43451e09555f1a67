"""All metrics of a task by its kind, for one or many weightings of the people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mtl_models.metrics.binary import binary
from mtl_models.metrics.classes import multiclass, ordinal
from mtl_models.metrics.regression import regression
from mtl_models.metrics.weights import Scores
from mtl_models.tasks import Kind, Task

MEASURES: dict[Kind, Callable[[np.ndarray, np.ndarray, np.ndarray], Scores]] = {
    "regression": regression,
    "binary": binary,
    "multiclass": multiclass,
    "ordinal": ordinal,
    "multilabel": binary,  # each label; the task's own value is the labels' mean
}
HEADLINE: dict[Kind, str] = {
    "regression": "r2",
    "binary": "auroc",
    "multiclass": "auroc",
    "ordinal": "qwk",
    "multilabel": "auroc",
}
LOWER_IS_BETTER = frozenset({"mae", "rmse", "brier", "log_loss", "ece"})


def metric_names(kind: Kind) -> list[str]:
    """Names of the metrics of a kind of task."""
    return list(MEASURES[kind](np.array([0.0, 1.0]), np.full((2, 2), 0.5), np.ones((2, 1))))


def loss_name(task: Task) -> str:
    """The metric that gains are measured in: rmse for a regression, log-loss for the rest."""
    return "rmse" if task.kind == "regression" else "log_loss"


@dataclass(frozen=True)
class TaskScores:
    """Metrics of one task and, for a multilabel task, of each of its labels."""

    metrics: Scores
    labels: dict[str, Scores] = field(default_factory=dict)


def score_task(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None) -> TaskScores:
    """Metrics of ``task`` over the rows that have a label.

    Shape:
        target: ``(n, len(task.target_columns))``, NaN where the label is missing.
        prediction: ``(n, task.n_outputs)``; weights: ``(n, n_replicates)``, by default one column of ones.

    Raises:
        ValueError: if a labelled row has no prediction.
    """
    weights = np.ones((len(target), 1)) if weights is None else weights
    if task.kind != "multilabel":
        return TaskScores(_labelled(task, target[:, 0], prediction, weights))
    labels = {
        label: _labelled(task, target[:, index], prediction[:, [index]], weights)
        for index, label in enumerate(task.labels)
    }
    names = next(iter(labels.values()))
    return TaskScores({name: np.mean([scores[name] for scores in labels.values()], axis=0) for name in names}, labels)


def _labelled(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    known = ~np.isnan(target)
    if not np.isfinite(prediction[known]).all():
        raise ValueError(f"task {task.name}: some labelled people have no finite prediction; predict every row again")
    if not known.all():
        target, prediction, weights = target[known], prediction[known], weights[known]
    return MEASURES[task.kind](target, prediction, weights)
