"""Sums over people for many weightings at once: a bootstrap replicate is a column of counts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

Scores = dict[str, np.ndarray]
"""A metric's name to its value in every replicate, shape ``(n_replicates,)``, NaN where it is undefined."""


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """``numerator / denominator``, NaN where the denominator is zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator != 0, numerator / denominator, np.nan)


def totals(columns: Mapping[str, np.ndarray], weights: np.ndarray) -> Scores:
    """Weighted sums of some columns.

    Shape:
        columns: ``(n_rows,)`` each; weights: ``(n_rows, n_replicates)``; result ``(n_replicates,)`` each.
    """
    sums = np.stack([np.asarray(column, dtype=np.float64) for column in columns.values()]) @ weights
    return dict(zip(columns, sums, strict=True))


def cross_entropy(probability: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability given to what happened, kept finite as scikit-learn does."""
    epsilon = np.finfo(np.float64).eps
    return np.asarray(-np.log(np.clip(probability, epsilon, 1 - epsilon)))
