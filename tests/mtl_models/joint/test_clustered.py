"""The penalties on mean, clusters and variance, at their ends, in between by hand, and while clusters are found."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from mtl_models.joint.clustered import (
    Clustered,
    averaging,
    fit_pair,
    given_clusters,
    k_means,
    root_covariance,
    solve,
)
from mtl_models.joint.loss import LinearLoss, linear_loss
from tests.mtl_models.joint.problems import drawn, regressions

ONE = np.zeros(4, dtype=np.int64)


def weights_of(loss: LinearLoss, clusters: np.ndarray, mean: float, between: float, within: float) -> np.ndarray:
    root = root_covariance(clusters, mean, between, within)
    return solve(loss, root, loss.base_weights(), tolerance=1e-12, max_steps=5000)


def test_an_infinite_penalty_on_the_variance_gives_one_pooled_model() -> None:
    inputs, targets = drawn(60, 6, 4)
    targets -= targets.mean(axis=0)
    inputs -= inputs.mean(axis=0)
    found = weights_of(linear_loss(regressions(inputs, targets)), ONE, 0.5, 0.5, np.inf)
    # all tasks' rows stacked under one vector of weights, which is paid for once in each of the four tasks
    pooled = Ridge(alpha=0.5 * 60 * 4, tol=1e-12).fit(np.tile(inputs, (4, 1)), targets.T.ravel())
    assert found[:-1] == pytest.approx(np.tile(pooled.coef_[:, None], (1, 4)), abs=1e-8)


def test_equal_penalties_give_every_task_its_own_ridge_model() -> None:
    inputs, targets = drawn(60, 6, 4, missing=0.3)
    found = weights_of(linear_loss(regressions(inputs, targets)), ONE, 0.5, 0.5, 0.5)
    for task, target in enumerate(targets.T):
        known = ~np.isnan(target)
        own = Ridge(alpha=0.5 * 60, tol=1e-12).fit(inputs[known], target[known])
        assert found[:-1, task] == pytest.approx(own.coef_, abs=1e-8)
        assert found[-1, task] == pytest.approx(own.intercept_, abs=1e-8)


def test_clusters_of_infinite_variance_are_pooled_models_of_their_own() -> None:
    inputs, targets = drawn(60, 6, 4)
    clusters = np.array([0, 1, 1, 0])
    found = weights_of(linear_loss(regressions(inputs, targets)), clusters, 0.5, 0.5, np.inf)
    for members in ([0, 3], [1, 2]):
        alone = weights_of(linear_loss(regressions(inputs, targets[:, members])), ONE[:2], 0.5, 0.5, np.inf)
        assert found[:, members] == pytest.approx(alone, abs=1e-8)


def test_a_value_worked_by_hand() -> None:
    """One input of variance 1, targets 3 and 1 times it: the mean 2 shrinks by 1 + m, the deviation 1 by 1 + v."""
    inputs = np.array([[1.0], [-1.0]])
    found = weights_of(linear_loss(regressions(inputs, inputs * [[3.0, 1.0]])), ONE[:2], 1.0, 1.0, 4.0)
    assert found[0] == pytest.approx([2 / 2 + 1 / 5, 2 / 2 - 1 / 5])


def test_the_root_gives_the_penalties_as_they_are_written_down() -> None:
    clusters = np.array([0, 0, 1, 1, 1])
    weights = np.random.default_rng(0).normal(size=5)
    root = root_covariance(clusters, 0.3, 0.7, 2.0)
    means = np.array([weights[clusters == cluster].mean() for cluster in clusters])
    penalty = (
        0.3 * 5 * weights.mean() ** 2 + 0.7 * ((means - weights.mean()) ** 2).sum() + 2 * ((weights - means) ** 2).sum()
    )
    assert weights @ np.linalg.inv(root @ root) @ weights == pytest.approx(penalty)


def test_a_task_with_few_labels_borrows_from_the_others() -> None:
    inputs, targets = drawn(200, 10, 4, seed=5)
    scarce = targets.copy()
    scarce[12:, 0] = np.nan
    loss = linear_loss(regressions(inputs, scarce))
    alone, shared = (weights_of(loss, ONE, 0.1, 0.1, variance)[:, 0] for variance in (0.1, 1.0))
    errors = [np.mean((inputs @ each[:-1] + each[-1] - targets[:, 0])[12:] ** 2) for each in (alone, shared)]
    assert errors[1] < 0.8 * errors[0]


def test_found_clusters_are_those_that_there_are_and_never_raise_the_objective() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(80, 6))
    kinds = random.normal(size=(6, 2)) * 2
    truth = np.array([0, 1, 0, 1, 1])
    targets = inputs @ (kinds[:, truth] + 0.1 * random.normal(size=(6, 5))) + random.normal(size=(80, 5))
    loss = linear_loss(regressions(inputs, targets))
    options = Clustered.Options(tolerance=1e-10, max_steps=3000)

    def objective(weights: np.ndarray, clusters: np.ndarray) -> float:
        covariance = root_covariance(clusters, 0.1, 0.1, 1.0)
        penalty = np.sum((weights[:-1] @ np.linalg.inv(covariance @ covariance)) * weights[:-1]) / 2
        return loss.value(loss.scores(weights)) + float(penalty)

    one = np.zeros(5, dtype=np.int64)
    start = weights_of(loss, one, 0.1, 0.1, 1.0)
    found, clusters = fit_pair(loss, 0.1, 1.0, one, 2, options, loss.base_weights())
    assert (averaging(clusters) == averaging(truth)).all()
    assert objective(found, clusters) < objective(start, one)


def test_k_means_separates_what_is_apart() -> None:
    points = np.array([[0.0, 0.0], [9.0, 9.0], [0.1, 0.0], [9.0, 9.1], [0.0, 0.1]])
    found = k_means(points, 2)
    assert (averaging(found) == averaging(np.array([0, 1, 0, 1, 0]))).all()
    assert (k_means(points[:1].repeat(4, axis=0), 3) == 0).all()  # no cluster where there is no difference


@pytest.mark.parametrize(
    ("clusters", "message"),
    [((("t0", "t1"),), "task t2 is in no cluster"), ((("t0", "t1"), ("t1", "t2")), "in more than one cluster")],
)
def test_clusters_that_do_not_divide_the_tasks_are_refused(clusters: tuple[tuple[str, ...], ...], message: str) -> None:
    loss = linear_loss(regressions(*drawn(10, 2, 3)))
    with pytest.raises(ValueError, match=message):
        given_clusters(loss, clusters)
    assert given_clusters(loss, (("t2",), ("t0", "t1"))).tolist() == [1, 1, 0]
