"""The loss of a task alone, in every replicate: to compare models takes no other metric, and ranks take the time."""

from __future__ import annotations

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.score import TaskScores, loss_name, score_task
from mtl_models.metrics.weights import cross_entropy, ratio

_KNOWN = ("rmse", "log_loss")


def score_loss(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> TaskScores:
    """As :func:`mtl_models.metrics.score.score_task`, with the loss as the only metric.

    Shape:
        target: ``(n, len(task.target_columns))``, NaN where the label is missing.
        prediction: ``(n, task.n_outputs)``; weights: ``(n, n_replicates)``.

    Raises:
        ValueError: if a labelled row has no prediction.
    """
    name = loss_name(task)
    if name not in _KNOWN:
        return score_task(task, target, prediction, weights)
    sample = score_task(task, target, prediction)
    if sample.undefined:
        return TaskScores({name: np.full(weights.shape[1], np.nan)}, undefined=sample.undefined)
    if task.labels:
        columns = [index for index, label in enumerate(task.labels) if label not in sample.left_out]
        each = [_loss(task, target[:, index], prediction[:, [index]], weights) for index in columns]
        return TaskScores({name: np.mean(each, axis=0)}, left_out=sample.left_out)
    return TaskScores({name: _loss(task, target[:, 0], prediction, weights)})


def _loss(task: Task, target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    known = ~np.isnan(target)
    target, prediction, weights = target[known], prediction[known], weights[known]
    form = kind_of(task).form
    if form == "number":
        errors = (target - prediction[:, 0]) ** 2
    elif form == "binary":
        errors = cross_entropy(np.where(target == 1, prediction[:, 0], 1 - prediction[:, 0]))
    else:
        errors = cross_entropy(np.take_along_axis(prediction, target.astype(np.int64)[:, None], axis=1)[:, 0])
    mean = ratio(errors @ weights, weights.sum(axis=0))
    return np.sqrt(mean) if loss_name(task) == "rmse" else mean
