"""Linear models that choose their inputs together: an L2,1 penalty on each input's weights over all tasks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field

from mtl_models import settings
from mtl_models.joint.base import Joint, Predict, Problem
from mtl_models.joint.choice import relative_loss
from mtl_models.joint.loss import LinearLoss, linear_loss, linear_predictor


class GroupSparse(Joint):
    """Linear models whose weights of one input, over all tasks, are zero together (L2,1 penalty).

    The penalty is chosen on valid, along a path from the one that leaves no input; no seed has an effect. An ordinal
    task is fitted as classes.

    Source:
        Obozinski, Taskar and Jordan, Joint covariate selection and joint subspace selection for multiple
        classification problems, Statistics and Computing (2010), eq. 2; solved by Beck and Teboulle's FISTA (2009)
        with the restart of O'Donoghue and Candes (2015) and the screening of Tibshirani et al. (2012).

    Differs:
        Labels may be missing, and outcomes of all kinds are put into the same units (see :class:`LinearLoss`).
    """

    class Options(settings.Options):
        """``penalties``: length of the path; ``ratio``: its last penalty over its first.

        ``patience``: penalties without a better loss on valid before the path ends. ``tolerance``: largest gradient
        left, over the first penalty; ``max_steps``: for each penalty.
        """

        penalties: int = Field(default=25, ge=1)
        ratio: float = Field(default=0.01, gt=0, lt=1)
        patience: int = Field(default=4, ge=1)
        tolerance: float = Field(default=1e-3, gt=0)
        max_steps: int = Field(default=500, ge=1)

    def fit(self, problem: Problem, options: Options, seed: int) -> Predict:
        """The model of the path whose relative loss on valid is least; without labels there, that of its middle."""
        loss = linear_loss(problem)
        weights = loss.base_weights()
        first = max_penalty(loss)
        tolerance = options.tolerance * first
        path = first * np.geomspace(1, options.ratio, options.penalties)
        best, best_loss, waited = weights, np.inf, 0
        for index, penalty in enumerate(path):
            weights = solve_screened(loss, penalty, path[max(index - 1, 0)], weights, tolerance, options.max_steps)
            found = relative_loss(problem.columns, linear_predictor(loss, weights)(problem.valid_inputs))
            if np.isnan(found):
                if index >= len(path) // 2:
                    return linear_predictor(loss, weights)
                continue
            waited += 1
            if found < best_loss:
                best, best_loss, waited = weights, found, 0
            if waited >= options.patience:
                break
        return linear_predictor(loss, best)


def max_penalty(loss: LinearLoss) -> float:
    """The least penalty that leaves no input."""
    gradient = loss.gradient(loss.scores(loss.base_weights()))
    return float(np.linalg.norm(gradient[:-1], axis=1).max())


def solve_screened(
    loss: LinearLoss, penalty: float, previous: float, start: np.ndarray, tolerance: float, max_steps: int
) -> np.ndarray:
    """As :func:`solve`, over the inputs that are likely to be needed, then checked on all.

    Args:
        previous: the penalty that ``start`` is the solution for, which the sequential strong rule goes by.
    """
    strength = np.linalg.norm(loss.gradient(loss.scores(start))[:-1], axis=1)
    needed = (strength >= 2 * penalty - previous) | start[:-1].any(axis=1)
    while True:
        rows = np.append(np.flatnonzero(needed), len(needed))
        weights = np.zeros_like(start)
        weights[rows] = solve(loss.restrict(rows), penalty, start[rows], tolerance=tolerance, max_steps=max_steps)
        strength = np.linalg.norm(loss.gradient(loss.scores(weights))[:-1], axis=1)
        missed = (strength > penalty + tolerance) & ~needed
        if not missed.any():
            return weights
        needed, start = needed | missed, weights


class _Step(NamedTuple):
    weights: np.ndarray
    scores: np.ndarray
    curvature: float


def solve(
    loss: LinearLoss, penalty: float, start: np.ndarray, *, tolerance: float, max_steps: int = 10_000
) -> np.ndarray:
    """Weights that minimise the loss plus ``penalty`` times the sum of the inputs' norms; intercepts are free.

    Shape:
        start and result: ``(d + 1, k)``.

    Units:
        ``tolerance`` is the largest element of the gradient mapping at which to stop.
    """
    weights: np.ndarray = start * loss.visible
    scores = loss.scores(weights)
    curvature, bound = loss.curvature()
    point, point_scores, momentum = weights, scores, 1.0
    for _ in range(max_steps):
        step = _descend(loss, penalty, point, point_scores, curvature, bound)
        curvature, move = step.curvature, step.weights - point
        change, change_scores = step.weights - weights, step.scores - scores
        weights, scores = step.weights, step.scores
        if curvature * np.abs(move).max() <= tolerance:
            break
        if float(np.sum(move * change)) < 0:  # the momentum points uphill
            momentum, point, point_scores = 1.0, weights, scores
            continue
        following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        factor = (momentum - 1) / following
        momentum, point, point_scores = following, weights + factor * change, scores + factor * change_scores
    return weights


def _descend(
    loss: LinearLoss, penalty: float, point: np.ndarray, scores: np.ndarray, curvature: float, bound: float
) -> _Step:
    """One proximal gradient step, shortened until the quadratic model bounds the loss."""
    gradient, value = loss.gradient(scores), loss.value(scores)
    while True:
        weights = point - gradient / curvature
        norms = np.linalg.norm(weights[:-1], axis=1, keepdims=True)
        weights[:-1] *= np.maximum(0, 1 - penalty / curvature / np.maximum(norms, 1e-300))
        found, move = loss.scores(weights), weights - point
        model = value + float(np.sum(gradient * move)) + curvature / 2 * float(np.sum(move**2))
        if curvature >= bound or loss.value(found) <= model:
            return _Step(weights, found, curvature)
        curvature = min(1.5 * curvature, bound)
