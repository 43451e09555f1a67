"""The loss of linear models of all target columns at once, over the labels that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mtl_models.joint.base import Predict, Problem
from mtl_models.joint.columns import Column


@dataclass(frozen=True)
class LinearLoss:
    """Squared loss (half), logistic and softmax log-loss, summed over columns and labels, over the training rows.

    A label counts the same in every column, so a column with fewer labels is held more firmly by a penalty. Weights
    are in units in which outcomes of all kinds are alike: a binary or class column's weights are those of its logit
    times ``sqrt(p (1 - p))``, ``p`` its share, so that at the base rate every column's gradient is the covariance of
    an input with the standardised outcome.

    Shape:
        inputs: ``(n, d + 1)``, the last one is 1 and its weight the intercept; visible: ``(d + 1, k)``; units:
        ``(k,)``; targets, labelled: ``(n, k)``, 0 and 1 for binary and class columns; ``k`` outputs, one a column or
        one a class; groups: the outputs of each column.
    """

    inputs: np.ndarray
    visible: np.ndarray
    columns: tuple[Column, ...]
    groups: tuple[slice, ...]
    units: np.ndarray
    targets: np.ndarray
    labelled: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        """Of the weights: ``(d + 1, k)``."""
        return self.inputs.shape[1], len(self.units)

    def restrict(self, rows: np.ndarray) -> LinearLoss:
        """The loss of some of the inputs; the others' weights are 0."""
        return replace(self, inputs=np.ascontiguousarray(self.inputs[:, rows]), visible=self.visible[rows])

    def scores(self, weights: np.ndarray) -> np.ndarray:
        """Outputs of the training rows, ``(n, k)``."""
        return np.asarray((self.inputs @ weights) * self.units)

    def value(self, scores: np.ndarray) -> float:
        """The loss."""
        total = 0.0
        for column, group in zip(self.columns, self.groups, strict=True):
            score, target, labelled = scores[:, group], self.targets[:, group], self.labelled[:, group]
            if column.form == "number":
                total += 0.5 * float(np.sum(labelled * (score - target) ** 2))
            elif column.form == "binary":
                total += float(np.sum(labelled * (np.logaddexp(0, score) - target * score)))
            else:
                total += float(np.sum(labelled[:, 0] * (_log_sum(score) - (target * score).sum(axis=1))))
        return total / len(scores)

    def gradient(self, scores: np.ndarray) -> np.ndarray:
        """The gradient by the weights, 0 where a column may not see an input. Shape: ``(d + 1, k)``."""
        means = inverse_links(self.columns, self.groups, scores)
        slope = self.labelled * (means - self.targets) * (self.units / len(scores))
        return np.asarray((self.inputs.T @ slope) * self.visible)

    def base_weights(self) -> np.ndarray:
        """Weights of the model without inputs: its intercepts give the training rows' means and base rates."""
        weights = np.zeros(self.shape)
        for column, group in zip(self.columns, self.groups, strict=True):
            rates = column.rates
            if column.form == "binary":
                weights[-1, group] = np.log(rates / (1 - rates)) / self.units[group]
            elif column.form == "classes":
                weights[-1, group] = np.log(rates) / self.units[group]
        return weights

    def curvature(self) -> tuple[float, float]:
        """Largest second derivative at the base rates, and a bound on it everywhere."""
        largest = float(np.linalg.eigvalsh(self.inputs.T @ self.inputs / len(self.inputs))[-1])
        bounds = {"number": 1.0, "binary": 0.25, "classes": 0.5}
        steepest = max(
            bounds[column.form] * float((self.units[group] ** 2).max())
            for column, group in zip(self.columns, self.groups, strict=True)
        )
        return largest, largest * max(steepest, 1.0)


def linear_loss(problem: Problem) -> LinearLoss:
    """The loss of a problem's training rows."""
    ends = np.cumsum([column.width for column in problem.columns])
    groups = tuple(slice(int(end) - column.width, int(end)) for column, end in zip(problem.columns, ends, strict=True))
    targets = np.concatenate([_one_hot(column) for column in problem.columns], axis=1)
    labelled = np.concatenate(
        [np.tile(~np.isnan(column.target)[:, None], (1, column.width)) for column in problem.columns], axis=1
    )
    units = np.concatenate(
        [
            np.ones(1) if column.form == "number" else 1 / np.sqrt(column.rates * (1 - column.rates))
            for column in problem.columns
        ]
    )
    widths = [column.width for column in problem.columns]
    visible = np.vstack([np.repeat(problem.visible, widths, axis=1), np.ones((1, int(ends[-1])), dtype=bool)])
    inputs = np.hstack([problem.inputs, np.ones((len(problem.inputs), 1))])
    return LinearLoss(inputs, visible, problem.columns, groups, units, targets, labelled.astype(np.float64))


def linear_predictor(loss: LinearLoss, weights: np.ndarray) -> Predict:
    """Predictions of the weights, as a joint model gives them."""
    scaled: np.ndarray = weights * loss.visible * loss.units

    def predict(inputs: np.ndarray) -> list[np.ndarray]:
        found = inverse_links(loss.columns, loss.groups, inputs @ scaled[:-1] + scaled[-1])
        return [found[:, group] for group in loss.groups]

    return predict


def inverse_links(columns: Sequence[Column], groups: Sequence[slice], scores: np.ndarray) -> np.ndarray:
    """Scores turned into values of a number and probabilities of the rest."""
    found = scores.copy()
    for column, group in zip(columns, groups, strict=True):
        if column.form == "binary":
            found[:, group] = 0.5 * (1 + np.tanh(0.5 * scores[:, group]))  # the logistic function without overflow
        elif column.form == "classes":
            found[:, group] = np.exp(scores[:, group] - _log_sum(scores[:, group])[:, None])
    return found


def _log_sum(scores: np.ndarray) -> np.ndarray:
    largest: np.ndarray = scores.max(axis=1)
    return np.asarray(largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1)))


def _one_hot(column: Column) -> np.ndarray:
    """Targets of a column's outputs, 0 where the label is missing."""
    filled = np.nan_to_num(column.target)
    if column.form != "classes":
        return np.asarray(filled[:, None])
    return np.asarray(column.target[:, None] == np.arange(column.width), dtype=np.float64)
