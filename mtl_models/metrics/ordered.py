"""Probabilities of ordered classes as numbers: the place that is expected, and what lies above each cut."""

from __future__ import annotations

import numpy as np


def probability_above(prediction: np.ndarray) -> np.ndarray:
    """Probability of a class above each cut point. Shape: ``(n, n_classes)`` to ``(n, n_classes - 1)``."""
    return np.asarray(1 - np.cumsum(prediction, axis=1)[:, :-1] / prediction.sum(axis=1, keepdims=True))


def expected_class(prediction: np.ndarray) -> np.ndarray:
    """The expected class index of each row, not rounded. Shape: ``(n, n_classes)`` to ``(n,)``."""
    return np.asarray(prediction @ np.arange(prediction.shape[1]) / prediction.sum(axis=1))
