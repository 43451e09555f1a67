"""Linear models whose weights are drawn to the mean over all tasks, or to those of their cluster of tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from mtl_models import settings
from mtl_models.joint.base import Joint, Predict, Problem
from mtl_models.joint.choice import relative_loss
from mtl_models.joint.loss import LinearLoss, linear_loss, linear_predictor

Penalty = Annotated[float, Field(gt=0, allow_inf_nan=False)] | Literal["infinite"]


class Clustered(Joint):
    """Linear models whose weights are drawn to those of the other tasks: penalised mean and variance.

    Of each input's weights over the tasks, ``w``, the mean, the clusters' distance from it and the tasks' distance
    from their cluster's mean are penalised apart: ``(m |mean|^2 + b between + v within) / 2``. With one cluster,
    ``v`` infinite is a single model of all tasks, and ``v`` equal to ``m`` a ridge model of its own for each task.
    Both penalties are chosen on valid; no seed has an effect. An ordinal task is fitted as classes, and each class
    has weights like a task.

    Source:
        Evgeniou and Pontil, Regularized multi-task learning, KDD (2004), eq. 5 and 6; Jacob, Bach and Vert, Clustered
        multi-task learning: a convex formulation, NIPS (2008), eq. 4.

    Differs:
        Outcomes of all kinds, with missing labels, in the same units (see :class:`LinearLoss`). Clusters that are not
        given are found by alternation with k-means, which never raises the objective but may stop at a local minimum;
        Jacob's relaxation is not used.
    """

    class Options(settings.Options):
        """``mean`` and ``variance``: penalties to choose from; pairs with a variance below the mean are left out.

        ``between``: penalty on the clusters' distance over that on the mean, up to the variance; 1 keeps clusters
        apart. ``clusters``: names of the tasks of each cluster; or ``n_clusters``, that many to find.
        ``tolerance``: largest gradient left.
        """

        mean: tuple[Penalty, ...] = Field(default=(0.1, 0.3, 1.0, 3.0), min_length=1)
        variance: tuple[Penalty, ...] = Field(default=(0.1, 0.3, 1.0, 3.0, "infinite"), min_length=1)
        between: float = Field(default=1.0, ge=1, allow_inf_nan=False)
        clusters: tuple[tuple[str, ...], ...] = ()
        n_clusters: int = Field(default=1, ge=1)
        tolerance: float = Field(default=1e-3, gt=0)
        max_steps: int = Field(default=300, ge=1)

    def fit(self, problem: Problem, options: Options, seed: int) -> Predict:
        """The model of the pair of penalties whose relative loss on valid is least; without labels, the middle one."""
        loss = linear_loss(problem)
        clusters = given_clusters(loss, options.clusters)
        n_clusters = 1 if options.clusters else options.n_clusters
        weights, found, losses = loss.base_weights(), [], []
        for pair in _pairs(options):
            weights, clusters = fit_pair(loss, *pair, clusters, n_clusters, options, weights)
            found.append(weights)
            losses.append(relative_loss(problem.columns, linear_predictor(loss, weights)(problem.valid_inputs)))
        best = len(found) // 2 if np.isnan(losses).all() else int(np.nanargmin(losses))
        return linear_predictor(loss, found[best])


def _pairs(options: Clustered.Options) -> list[tuple[float, float]]:
    """Penalties of mean and variance, the strongest first, since each fit starts where the last one ended."""
    pairs = [(_number(mean), _number(variance)) for mean in options.mean for variance in options.variance]
    if kept := sorted((pair for pair in pairs if pair[1] >= pair[0]), reverse=True):
        return kept
    raise ValueError("clustered: no penalty of `variance` is as large as one of `mean`; give larger ones")


def _number(penalty: float | str) -> float:
    return np.inf if isinstance(penalty, str) else penalty


def given_clusters(loss: LinearLoss, clusters: Sequence[Sequence[str]]) -> np.ndarray:
    """Number of the cluster of each output, ``(k,)``; one for all where none are given.

    Raises:
        ValueError: unless every task is in exactly one cluster.
    """
    if not clusters:
        return np.zeros(len(loss.units), dtype=np.int64)
    cluster_of = {name: index for index, names in enumerate(clusters) for name in names}
    if len(cluster_of) != sum(len(names) for names in clusters):
        raise ValueError("clustered.clusters: a task is in more than one cluster")
    if missing := sorted({column.task.name for column in loss.columns} - set(cluster_of)):
        raise ValueError(f"clustered.clusters: task {missing[0]} is in no cluster")
    return np.concatenate([np.full(column.width, cluster_of[column.task.name]) for column in loss.columns])


def fit_pair(
    loss: LinearLoss,
    mean: float,
    variance: float,
    clusters: np.ndarray,
    n_clusters: int,
    options: Clustered.Options,
    start: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Weights for two penalties, and the clusters, which are found if ``n_clusters`` is more than one."""
    between = min(options.between * mean, variance)

    def solved(clusters: np.ndarray, at: np.ndarray) -> np.ndarray:
        root = root_covariance(clusters, mean, between, variance)
        return solve(loss, root, at, tolerance=options.tolerance, max_steps=options.max_steps)

    weights = solved(clusters, start)
    for _ in range(20 if n_clusters > 1 else 0):
        proposed = k_means(weights[:-1].T, min(n_clusters, len(clusters)))
        # the same penalty on less spread: the objective falls, or the clusters stay as they are
        if _spread(weights, proposed) >= _spread(weights, clusters) - 1e-12:
            break
        clusters = proposed
        weights = solved(clusters, weights)
    return weights, clusters


def _spread(weights: np.ndarray, clusters: np.ndarray) -> float:
    """Sum of squared distances of the outputs' weights from their cluster's mean."""
    return float(np.sum((weights[:-1] - weights[:-1] @ averaging(clusters)) ** 2))


def averaging(clusters: np.ndarray) -> np.ndarray:
    """The matrix that puts the mean of its cluster in every output's place. Shape: ``(k, k)``."""
    same = clusters[:, None] == clusters
    return np.asarray(same / same.sum(axis=1))


def root_covariance(clusters: np.ndarray, mean: float, between: float, within: float) -> np.ndarray:
    """Symmetric root of the prior covariance of one input's weights, whose inverse the three penalties make.

    The three parts project onto the mean of all, onto the clusters' distances from it and onto the rest, so that the
    root of their sum is the sum of their roots; an infinite penalty leaves its part out. Shape: ``(k, k)``.
    """
    everyone, own = averaging(np.zeros_like(clusters)), averaging(clusters)
    return np.asarray(
        everyone / np.sqrt(mean) + (own - everyone) / np.sqrt(between) + (np.eye(len(clusters)) - own) / np.sqrt(within)
    )


def solve(loss: LinearLoss, root: np.ndarray, start: np.ndarray, *, tolerance: float, max_steps: int) -> np.ndarray:
    """Weights that minimise the loss plus half of ``sum_j w_j' (root root')^-1 w_j`` over the inputs ``j``.

    What a column may not see is left out of its loss: its prior then says what the others make of it, nothing else.

    Shape:
        start and result: ``(d + 1, k)``; the last row, the intercepts, is not penalised.
    """
    from scipy.optimize import minimize  # slow to import, and most commands fit nothing

    n_inputs, n_outputs = loss.shape

    def to_weights(flat: np.ndarray) -> np.ndarray:
        free = flat.reshape(n_inputs, n_outputs)
        return np.vstack([free[:-1] @ root, free[-1:]])

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        scores = loss.scores(to_weights(flat) * loss.visible)
        gradient = loss.gradient(scores)
        free = flat.reshape(n_inputs, n_outputs)
        pulled = np.vstack([gradient[:-1] @ root + free[:-1], gradient[-1:]])
        return loss.value(scores) + 0.5 * float(np.sum(free[:-1] ** 2)), pulled.ravel()

    first = np.vstack([start[:-1] @ np.linalg.pinv(root), start[-1:]])
    options = {"maxiter": max_steps, "maxfun": 2 * max_steps, "gtol": tolerance, "ftol": 0.0, "maxcor": 20}
    found = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=options)
    return to_weights(found.x)


def k_means(points: np.ndarray, n_clusters: int) -> np.ndarray:
    """Cluster of every point, from starts that are as far apart as can be, the first the farthest from the mean."""
    chosen = [int(np.argmax(np.sum((points - points.mean(axis=0)) ** 2, axis=1)))]
    for _ in range(n_clusters - 1):
        chosen.append(int(np.argmax(_distances(points, points[chosen]).min(axis=1))))
    centres = points[chosen]
    for _ in range(100):
        clusters = np.argmin(_distances(points, centres), axis=1)
        moved = centres.copy()
        for cluster in np.unique(clusters):
            moved[cluster] = points[clusters == cluster].mean(axis=0)
        if np.array_equal(moved, centres):
            break
        centres = moved
    return np.asarray(clusters)


def _distances(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.asarray(np.sum((points[:, None] - centres) ** 2, axis=2))
