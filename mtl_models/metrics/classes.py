"""Metrics of a task with classes, unordered (multiclass) or in order (ordinal)."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.binary import rank_scores
from mtl_models.metrics.weights import Scores, cross_entropy, ratio, totals


def multiclass(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    """Accuracy and macro F1 of the likeliest class, log-loss, and the mean one-versus-rest AUROC.

    Shape:
        target: ``(n,)`` class index; prediction: ``(n, n_classes)``; weights: ``(n, n_replicates)``.
    """
    scores = hard_scores(target, prediction.argmax(axis=1), prediction.shape[1], weights)
    scores["log_loss"] = class_log_loss(target, prediction, weights)
    aurocs = [rank_scores(target == index, column, weights)[0] for index, column in enumerate(prediction.T)]
    return {"auroc": np.mean(aurocs, axis=0), **scores}


def ordinal(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    """Quadratic weighted kappa, accuracy and macro F1 of the rounded expected class, and log-loss.

    The likeliest class is no prediction here: it never names the rare ends.

    Shape:
        target: ``(n,)`` class index; prediction: ``(n, n_classes)``; weights: ``(n, n_replicates)``.
    """
    predicted = expected_class(prediction)
    columns = {
        "n": np.ones_like(target),
        "true": target,
        "predicted": predicted,
        "squares": target**2 + predicted**2,
        "distance": (target - predicted) ** 2,
    }
    sums = totals(columns, weights)
    by_chance = sums["squares"] - 2 * ratio(sums["true"] * sums["predicted"], sums["n"])
    return {
        "qwk": 1 - ratio(sums["distance"], np.where(by_chance > 1e-9, by_chance, 0.0)),
        **hard_scores(target, predicted, prediction.shape[1], weights),
        "log_loss": class_log_loss(target, prediction, weights),
    }


def expected_class(prediction: np.ndarray) -> np.ndarray:
    """The expected class index of each row, rounded, halves up."""
    mean = prediction @ np.arange(prediction.shape[1]) / prediction.sum(axis=1)
    return np.asarray(np.floor(mean + 0.5))


def class_log_loss(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean cross-entropy of the true class."""
    given = np.take_along_axis(prediction, target.astype(np.int64)[:, None], axis=1)[:, 0]
    return ratio(cross_entropy(given) @ weights, weights.sum(axis=0))


def hard_scores(target: np.ndarray, predicted: np.ndarray, n_classes: int, weights: np.ndarray) -> Scores:
    """Accuracy, and the mean F1 of the classes that occur among the true or the predicted ones."""
    index = np.arange(n_classes)[:, None]
    true, chosen = target == index, predicted == index
    hits = (true & chosen).astype(np.float64) @ weights
    f1 = ratio(2 * hits, true.astype(np.float64) @ weights + chosen.astype(np.float64) @ weights)
    occurs = ~np.isnan(f1)
    return {
        "accuracy": ratio(hits.sum(axis=0), weights.sum(axis=0)),
        "macro_f1": ratio(np.where(occurs, f1, 0.0).sum(axis=0), occurs.sum(axis=0)),
    }
