"""Metrics of a regression task: r2, mae and rmse."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.weights import Scores, ratio, totals


def regression(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    """R2, mean absolute error and root mean squared error, the errors in the target's unit.

    Shape:
        target: ``(n,)``; prediction: ``(n, 1)``; weights: ``(n, n_replicates)``.
    """
    error = target - prediction[:, 0]
    centred = target - target.mean() if len(target) else target  # keeps the two sums below of one size
    columns = {
        "n": np.ones_like(target),
        "sum": centred,
        "squares": centred**2,
        "absolute": np.abs(error),
        "squared": error**2,
    }
    sums = totals(columns, weights)
    spread = sums["squares"] - ratio(sums["sum"] ** 2, sums["n"])
    spread = np.where(spread > 1e-12 * np.maximum(sums["squares"], 1e-300), spread, 0.0)
    return {
        "r2": 1 - ratio(sums["squared"], spread),
        "mae": ratio(sums["absolute"], sums["n"]),
        "rmse": np.sqrt(ratio(sums["squared"], sums["n"])),
    }
