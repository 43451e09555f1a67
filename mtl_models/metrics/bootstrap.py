"""Paired bootstrap over persons: one set of resampled counts serves all models, tasks, seeds and repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Interval = tuple[float, float]
ENOUGH_DEFINED = 0.95  # share of replicates in which a metric must be defined for its interval to mean something


def resample_counts(n_persons: int, *, replicates: int, seed: int | Sequence[int]) -> np.ndarray:
    """How often each person was drawn in every replicate; column 0 is the sample itself.

    Shape:
        ``(n_persons, 1 + replicates)`` float64, every column sums to ``n_persons``.
    """
    generator = np.random.default_rng(seed)
    counts = np.ones((n_persons, 1 + replicates))
    for column in range(1, 1 + replicates):
        counts[:, column] = np.bincount(generator.integers(0, max(n_persons, 1), n_persons), minlength=n_persons)
    return counts


def percentile_interval(values: np.ndarray, *, confidence: float) -> Interval | None:
    """Percentile interval of the replicates ``values[1:]``; nothing where too few of them are defined."""
    replicates = values[1:]
    defined = replicates[~np.isnan(replicates)]
    if np.isnan(values[0]) or not len(defined) or len(defined) < ENOUGH_DEFINED * len(replicates):
        return None
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def recentred_interval(values: np.ndarray, *, confidence: float) -> Interval | None:
    """Percentile interval moved so that its median is the estimate, and never below zero.

    A calibration error is a sum of absolute values: resampling adds noise to each and so makes it larger, and the
    plain interval of a well calibrated model lies above its own estimate.
    """
    interval = percentile_interval(values, confidence=confidence)
    if interval is None:
        return None
    excess = float(np.nanmedian(values[1:]) - values[0])
    return min(max(0.0, interval[0] - excess), float(values[0])), max(interval[1] - excess, float(values[0]))
