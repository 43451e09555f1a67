"""All metrics of a task by its kind, for one or many weightings of the people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.binary import binary
from mtl_models.metrics.classes import multiclass, ordinal
from mtl_models.metrics.regression import regression
from mtl_models.metrics.weights import Scores

Formulas = Callable[[np.ndarray, np.ndarray, np.ndarray], Scores]
"""Metrics from the targets ``(n,)``, the predictions ``(n, n_outputs)`` and weights ``(n, n_replicates)``."""

# a kind names one of these; where it has labels, its own value is the mean of theirs
FORMULAS: dict[str, Formulas] = {
    "regression": regression,
    "binary": binary,
    "multiclass": multiclass,
    "ordinal": ordinal,
}
NO_LABEL = "nobody has a label"
ONE_CLASS = "the labelled people have one class only"
ONE_VALUE = "the labelled people have one value only"


def formulas_of(task: Task) -> Formulas:
    """The metrics of one target column of a task."""
    formulas = kind_of(task).formulas
    return FORMULAS[formulas] if isinstance(formulas, str) else formulas


def headline_name(task: Task) -> str:
    """The metric that heads the task's figures."""
    return kind_of(task).headline


def loss_name(task: Task) -> str:
    """The metric that gains are measured in: rmse for a regression, log-loss for probabilities."""
    return kind_of(task).loss


@dataclass(frozen=True)
class TaskScores:
    """Metrics of one task and, for a multilabel task, of each of its labels.

    Attributes:
        undefined: why the task's loss has no value, in words; empty where it has one.
        left_out: labels that are no part of the task's own metrics, because nobody or everybody has them.
    """

    metrics: Scores
    labels: dict[str, Scores] = field(default_factory=dict)
    undefined: str = ""
    left_out: tuple[str, ...] = ()


def score_task(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray | None = None) -> TaskScores:
    """Metrics of ``task`` over the rows that have a label.

    The loss that gains are measured in (:func:`loss_name`) is undefined, NaN, where all labelled rows have one value or
    one class: such people cannot tell a good model from one that says the same of everybody. Other errors keep their
    value. The sample decides, once for all its replicates. A multilabel task's own metrics are the means over those
    labels that vary; the others are named in ``left_out``.

    Shape:
        target: ``(n, len(task.target_columns))``, NaN where the label is missing.
        prediction: ``(n, task.n_outputs)``; weights: ``(n, n_replicates)``, by default one column of ones.

    Raises:
        ValueError: if a labelled row has no prediction.
    """
    weights = np.ones((len(target), 1)) if weights is None else weights
    if not task.labels:
        return _labelled(task, target[:, 0], prediction, weights)
    labels = {
        label: _labelled(task, target[:, index], prediction[:, [index]], weights)
        for index, label in enumerate(task.labels)
    }
    left_out = tuple(label for label, scores in labels.items() if scores.undefined)
    # without any label that varies all of them count: what is undefined in each is undefined in the mean
    counted = {label: scores for label, scores in labels.items() if label not in left_out} or labels
    names = next(iter(labels.values())).metrics
    means = {name: np.mean([scores.metrics[name] for scores in counted.values()], axis=0) for name in names}
    whole = NO_LABEL if np.isnan(target).all() else ONE_CLASS if len(left_out) == len(labels) else ""
    return TaskScores(means, {label: scores.metrics for label, scores in labels.items()}, whole, left_out)


def _labelled(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> TaskScores:
    known = ~np.isnan(target)
    if not np.isfinite(prediction[known]).all():
        raise ValueError(f"task {task.name}: some labelled people have no finite prediction; predict every row again")
    if not known.all():
        target, prediction, weights = target[known], prediction[known], weights[known]
    scores, undefined = formulas_of(task)(target, prediction, weights), _undefined(task, target)
    if undefined:
        name = loss_name(task)
        scores[name] = np.full_like(scores[name], np.nan)
    return TaskScores(scores, undefined=undefined)


def _undefined(task: Task, target: np.ndarray) -> str:
    """Why these targets cannot tell models apart, or nothing."""
    if not len(target):
        return NO_LABEL
    if (target == target[0]).all():
        return ONE_VALUE if kind_of(task).form == "number" else ONE_CLASS
    return ""
