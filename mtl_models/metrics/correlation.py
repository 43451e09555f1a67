"""Squared correlations of all columns of two matrices, over the rows that have both values."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.weights import ratio


def best_squares(left: np.ndarray, right: np.ndarray, least: int) -> np.ndarray:
    """The larger of the squared correlations of values and of ranks, which a few extreme values do not hide.

    Shape:
        left: ``(n_rows, n_left)``; right: ``(n_rows, n_right)``, NaN where missing; result: ``(n_left, n_right)``, NaN
        where fewer than ``least`` rows have both values.
    """
    squares: np.ndarray = np.fmax(_squares(left, right, least), _squares(_ranks(left), _ranks(right), least))
    return squares


def _squares(left: np.ndarray, right: np.ndarray, least: int) -> np.ndarray:
    """Squared correlations of columns over the rows that have both values."""
    (x, x_known), (y, y_known) = _centred(left), _centred(right)
    n = x_known.T @ y_known
    x_sum, y_sum = x.T @ y_known, x_known.T @ y
    product = x.T @ y - ratio(x_sum * y_sum, n)
    x_spread = (x**2).T @ y_known - ratio(x_sum**2, n)
    y_spread = x_known.T @ y**2 - ratio(y_sum**2, n)
    varied = (x_spread > 1e-9 * n) & (y_spread > 1e-9 * n) & (n >= least)
    return np.where(varied, ratio(product**2, x_spread * y_spread), np.nan)


def _centred(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns with mean 0 and spread 1 over what is known, 0 where it is not, and what is known as 0 and 1."""
    known = ~np.isnan(matrix)
    counts = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, matrix, 0.0)
    filled = np.where(known, filled - filled.sum(axis=0) / counts, 0.0)
    spread = np.sqrt((filled**2).sum(axis=0) / counts)
    return filled / np.where(spread > 0, spread, 1.0), known.astype(np.float64)


def _ranks(matrix: np.ndarray) -> np.ndarray:
    """Ranks within each column, ties share their mean, NaN where missing."""
    ranks = np.full(matrix.shape, np.nan)
    for place, column in enumerate(matrix.T):
        known = ~np.isnan(column)
        _, inverse, counts = np.unique(column[known], return_inverse=True, return_counts=True)
        ranks[known, place] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks
