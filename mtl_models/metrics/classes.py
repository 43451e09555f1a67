"""Metrics of a task with classes, unordered (multiclass) or in order (ordinal)."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.binary import rank_scores
from mtl_models.metrics.ordered import probability_above
from mtl_models.metrics.weights import Scores, cross_entropy, ratio


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
    """Mean AUROC of the cut points, ranked probability score, and log-loss.

    All three judge the probabilities. Agreement of a decided class (weighted kappa, accuracy) depends first of all on
    where the classes are cut: with other cut points the order of models turns over, so it is no measure of a model.

    Source: Epstein, A scoring system for probability forecasts of ranked categories (1969), for the ranked probability
    score; here the sum over the cut points is divided by their number, so that it lies between 0 and 1.

    Shape:
        target: ``(n,)`` class index; prediction: ``(n, n_classes)``; weights: ``(n, n_replicates)``.
    """
    above = probability_above(prediction)
    beyond = target[:, None] > np.arange(above.shape[1])
    aurocs = [rank_scores(*cut, weights)[0] for cut in zip(beyond.T, above.T, strict=True)]
    distance = ((above - beyond) ** 2).mean(axis=1)
    # a cut point that everybody is above, or nobody, tells nothing; of none the mean is undefined
    defined = [auroc for auroc in aurocs if not np.isnan(auroc[0])] or aurocs
    return {
        "cut_auroc": np.mean(defined, axis=0),
        "rps": ratio(distance @ weights, weights.sum(axis=0)),
        "log_loss": class_log_loss(target, prediction, weights),
    }


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
