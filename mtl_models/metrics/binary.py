"""Metrics of a binary task or of one label: auroc, auprc, brier, log_loss and ece."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.weights import Scores, cross_entropy, ratio, totals

ECE_BINS = 10
_CHUNK = 64  # replicates ranked at once: their weights stay in the processor's cache


def binary(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    """Discrimination, error and calibration of a probability.

    Shape:
        target: ``(n,)`` of 0 and 1; prediction: ``(n, 1)``; weights: ``(n, n_replicates)``.
    """
    probability = prediction[:, 0]
    given = np.where(target == 1, probability, 1 - probability)
    columns = {"n": np.ones_like(target), "brier": (target - probability) ** 2, "log_loss": cross_entropy(given)}
    sums = totals(columns, weights)
    auroc, auprc = rank_scores(target, probability, weights)
    return {
        "auroc": auroc,
        "auprc": auprc,
        "brier": ratio(sums["brier"], sums["n"]),
        "log_loss": ratio(sums["log_loss"], sums["n"]),
        "ece": expected_calibration_error(target, probability, weights),
    }


def rank_scores(target: np.ndarray, score: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Area under the ROC curve, ties counted half, and average precision; NaN where a class is absent."""
    order = np.argsort(score, kind="stable")
    starts = np.flatnonzero(np.diff(score[order], prepend=np.nan) != 0)
    positive = target[order] == 1
    chunks = [
        _rank_chunk(positive, starts, weights[order, start : start + _CHUNK])
        for start in range(0, weights.shape[1], _CHUNK)
    ]
    both = np.concatenate(chunks, axis=1)
    return both[0], both[1]


def _rank_chunk(positive: np.ndarray, starts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    if not len(positive):
        return np.full((2, weights.shape[1]), np.nan)
    hits, others = weights * positive[:, None], weights * ~positive[:, None]
    if len(starts) < len(positive):  # people of one score are one step of the curve
        hits, others = np.add.reduceat(hits, starts), np.add.reduceat(others, starts)
    n_hits, n_others = hits.sum(axis=0), others.sum(axis=0)
    below = np.cumsum(others, axis=0) - others
    pairs = (hits * (below + 0.5 * others)).sum(axis=0)
    found = n_hits - np.cumsum(hits, axis=0) + hits
    flagged = found + (n_others - below)
    precision = found / np.where(flagged > 0, flagged, 1.0)
    auprc = np.where(n_others > 0, ratio((hits * precision).sum(axis=0), n_hits), np.nan)
    return np.stack([ratio(pairs, n_hits * n_others), auprc])


def equal_mass_bins(probability: np.ndarray, n_bins: int = ECE_BINS) -> np.ndarray:
    """Bin of every prediction, ``0 .. n_bins - 1``, as many people in each; equal predictions share one bin."""
    rank = np.searchsorted(np.sort(probability), probability, side="left")
    return rank * n_bins // max(len(probability), 1)


def expected_calibration_error(target: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean distance of predicted and observed rate over equal-mass bins, which are those of the whole sample."""
    member = equal_mass_bins(probability) == np.arange(ECE_BINS)[:, None]
    gaps = np.abs((member * (target - probability)) @ weights).sum(axis=0)
    return ratio(gaps, weights.sum(axis=0))
