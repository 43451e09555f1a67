"""How a joint model chooses its penalties: the mean relative loss over the valid rows' labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_models.joint.columns import Column
from mtl_models.metrics.weights import cross_entropy


def relative_loss(columns: Sequence[Column], predictions: Sequence[np.ndarray]) -> float:
    """Loss on valid over that of the training rows' mean or base rate: mean over a task's columns, then over tasks.

    RMSE for a number, log-loss for the rest. Auxiliary tasks do not count, unless there are no others; nor does a
    column without a label in valid. NaN if none has one.
    """
    main = any(column.task.role == "main" for column in columns)
    losses: dict[str, list[float]] = {}
    for column, prediction in zip(columns, predictions, strict=True):
        known = ~np.isnan(column.valid_target)
        if known.any() and (column.task.role == "main" or not main):
            target = column.valid_target[known]
            base = np.zeros(1) if column.form == "number" else column.rates
            ratio = _loss(column, target, prediction[known]) / _loss(column, target, np.tile(base, (len(target), 1)))
            losses.setdefault(column.task.name, []).append(ratio)
    return float(np.mean([np.mean(each) for each in losses.values()])) if losses else float("nan")


def _loss(column: Column, target: np.ndarray, prediction: np.ndarray) -> float:
    if column.form == "number":
        return float(np.sqrt(np.mean((target - prediction[:, 0]) ** 2)))
    if column.form == "binary":
        prediction = np.concatenate([1 - prediction, prediction], axis=1)
    given = np.take_along_axis(prediction, target.astype(np.int64)[:, None], axis=1)
    return float(cross_entropy(given).mean())
