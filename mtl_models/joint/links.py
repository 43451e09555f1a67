"""Least squares on labels: outcomes of all kinds as standardised numbers, and from scores back to probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mtl_models.joint.base import Predict, Problem
from mtl_models.joint.columns import Column
from mtl_models.kinds import kind_of

N_FOLDS = 5
Link = Callable[[np.ndarray], np.ndarray]
Scorer = Callable[[np.ndarray], np.ndarray]
"""From encoded rows to the scores of all numbers, ``(n, q)``."""
Posterior = Callable[[np.ndarray], Scorer]
"""From a mask of training rows to the scorer that follows from their labels alone."""


@dataclass(frozen=True)
class Numbers:
    """The labels of a problem as numbers of mean 0 and variance 1, so that a Gaussian model can take them.

    A number is itself; a binary outcome its 0 and 1; classes in order their index; other classes a 0 and 1 each.

    Shape:
        targets: ``(n_train, q)``, NaN where the label is missing; visible: ``(d, q)``; groups: the numbers of each
        column.
    """

    targets: np.ndarray
    visible: np.ndarray
    groups: tuple[slice, ...]


def as_numbers(problem: Problem) -> Numbers:
    """The labels of the training rows as numbers."""
    parts = [_numbers(column) for column in problem.columns]
    ends = np.cumsum([part.shape[1] for part in parts])
    groups = tuple(slice(int(end) - part.shape[1], int(end)) for part, end in zip(parts, ends, strict=True))
    targets = np.concatenate(parts, axis=1)
    visible = np.repeat(problem.visible, [part.shape[1] for part in parts], axis=1)
    return Numbers((targets - np.nanmean(targets, axis=0)) / np.nanstd(targets, axis=0), visible, groups)


def _numbers(column: Column) -> np.ndarray:
    if column.form != "classes" or kind_of(column.task).ordered:
        return column.target[:, None]
    hot = (column.target[:, None] == np.arange(column.width)).astype(np.float64)
    return np.where(np.isnan(column.target)[:, None], np.nan, hot)


def linked_predictor(problem: Problem, numbers: Numbers, posterior: Posterior) -> Predict:
    """Predictions of a Gaussian model of ``numbers``: its scores, and probabilities by links fitted on train.

    Each training person's scores for the links come from the model without a fifth of the training people, that
    person among them: scores of people whose labels were fitted would be too sure of themselves.
    """
    held_out = np.zeros_like(numbers.targets)
    if any(column.form != "number" for column in problem.columns):
        fold = np.random.default_rng(0).permutation(len(held_out)) % N_FOLDS
        for each in np.unique(fold):
            held_out[fold == each] = posterior(fold != each)(problem.inputs[fold == each])
    links = [
        fit_link(column, held_out[:, group]) for column, group in zip(problem.columns, numbers.groups, strict=True)
    ]
    scorer = posterior(np.ones(len(held_out), dtype=bool))

    def predict(inputs: np.ndarray) -> list[np.ndarray]:
        scores = scorer(inputs)
        return [link(scores[:, group]) for link, group in zip(links, numbers.groups, strict=True)]

    return predict


def fit_link(column: Column, scores: np.ndarray) -> Link:
    """From a column's scores to what a joint model gives for it: logistic regression on the scores.

    Where the scores say nothing (all alike, or turned round for a binary outcome) everybody gets the base rate.
    """
    from sklearn.linear_model import LogisticRegression  # slow to import, and most commands fit nothing

    if column.form == "number":
        return lambda found: found
    known = ~np.isnan(column.target)
    scores, target = scores[known], column.target[known].astype(np.int64)
    spread = scores.std(axis=0)
    rates = column.rates
    if (spread < 1e-9).all():
        return lambda found: np.tile(rates, (len(found), 1))
    used, spread = spread >= 1e-9, np.where(spread < 1e-9, 1.0, spread)
    # next to no penalty: enough for an answer where the scores separate the classes
    model = LogisticRegression(C=10.0, max_iter=1000, tol=1e-6).fit(scores[:, used] / spread[used], target)
    if column.form == "binary" and model.coef_[0, 0] <= 0:
        return lambda found: np.tile(rates, (len(found), 1))
    first = 1 if column.form == "binary" else 0
    return lambda found: np.asarray(model.predict_proba(found[:, used] / spread[used]))[:, first:]
