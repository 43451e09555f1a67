"""The Bayesian linear model: scikit-learn's for one outcome, the evidence at its top, the exact posterior mean."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.linear_model import BayesianRidge

from mtl_models.data.tasks import Task
from mtl_models.joint.bayesian_linear import BayesianLinear, covariances_of, posterior_mean
from mtl_models.joint.columns import Column
from mtl_models.joint.evidence import Covariances, learn_covariances
from mtl_models.joint.links import Numbers, fit_link
from tests.mtl_models.joint.problems import drawn


def log_evidence(inputs: np.ndarray, targets: np.ndarray, found: Covariances) -> float:
    """Of complete, centred labels, from the covariance of all of them."""
    covariance = np.kron(inputs @ inputs.T, found.prior) + np.kron(np.eye(len(inputs)), np.diag(found.noise))
    return float(multivariate_normal(np.zeros(targets.size), covariance, allow_singular=True).logpdf(targets.ravel()))


def complete(n: int, d: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    inputs, targets = drawn(n, d, k)
    return inputs - inputs.mean(axis=0), targets - targets.mean(axis=0)


def test_for_one_outcome_it_is_scikit_learns_bayesian_ridge() -> None:
    inputs, targets = drawn(100, 8, 1)
    found = learn_covariances(inputs, targets, tolerance=1e-10, max_steps=20_000)
    flat = {"alpha_1": 0.0, "alpha_2": 0.0, "lambda_1": 0.0, "lambda_2": 0.0}
    expected = BayesianRidge(**flat, tol=1e-10, max_iter=10_000).fit(inputs, targets[:, 0])
    assert found.prior[0, 0] == pytest.approx(1 / expected.lambda_, rel=1e-4)
    assert found.noise[0] == pytest.approx(1 / expected.alpha_, rel=1e-4)
    numbers = Numbers(targets, np.ones((8, 1), dtype=bool), (slice(0, 1),))
    rows = np.random.default_rng(1).normal(size=(20, 8))
    assert posterior_mean(inputs, numbers, found)(rows)[:, 0] == pytest.approx(expected.predict(rows), abs=1e-4)


def test_the_evidence_never_falls_and_has_no_slope_where_it_ends() -> None:
    inputs, targets = complete(20, 4, 3)
    steps = [learn_covariances(inputs, targets, tolerance=0, max_steps=n) for n in (1, 2, 4, 8, 16, 32)]
    values = [log_evidence(inputs, targets, step) for step in steps]
    assert (np.diff(values) > 0).all()
    found = learn_covariances(inputs, targets, tolerance=1e-8, max_steps=20_000)
    random = np.random.default_rng(2)
    for _ in range(5):
        turn = random.normal(size=(3, 3)) * 1e-3
        root = np.linalg.cholesky(found.prior)
        moved = [
            Covariances(
                root @ (np.eye(3) + s * turn) @ (np.eye(3) + s * turn).T @ root.T, found.noise * (1 + s * turn[0])
            )
            for s in (-1, 1)
        ]
        ends = [log_evidence(inputs, targets, each) for each in moved]
        assert ends[1] - ends[0] == pytest.approx(0, abs=1e-4)
        assert max(ends) < log_evidence(inputs, targets, found)


def test_the_posterior_mean_is_exact_with_missing_labels_and_hidden_inputs() -> None:
    inputs, targets = drawn(40, 4, 3, missing=0.4)
    visible = np.ones((4, 3), dtype=bool)
    visible[0, 1] = visible[2, 2] = False
    factor = np.random.default_rng(1).normal(size=(3, 3))
    found = Covariances(factor @ factor.T, np.array([0.5, 1.0, 2.0]))
    # one long regression of all labels on weights (input, outcome) and intercepts, the latter next to free
    row, outcome = np.nonzero(~np.isnan(targets))
    design = np.zeros((len(row), 4 * 3 + 3))
    for label, (i, t) in enumerate(zip(row, outcome, strict=True)):
        design[label, np.arange(4) * 3 + t] = inputs[i] * visible[:, t]
        design[label, 12 + t] = 1
    prior = np.zeros((15, 15))
    prior[:12, :12] = np.kron(np.eye(4), found.prior)
    prior[12:, 12:] = np.eye(3) * 1e9
    covariance = design @ prior @ design.T + np.diag(found.noise[outcome])
    mean = prior @ design.T @ np.linalg.solve(covariance, targets[row, outcome])
    rows = np.random.default_rng(5).normal(size=(6, 4))
    expected = rows @ (mean[:12].reshape(4, 3) * visible) + mean[12:]
    scores = posterior_mean(inputs, Numbers(targets, visible, ()), found)(rows)
    assert scores == pytest.approx(expected, abs=1e-5)


def test_kin_outcomes_are_found_to_be_kin_and_help_where_labels_are_few() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(300, 20))
    weights = random.normal(size=(20, 1)) / np.sqrt(20)
    targets = inputs @ np.concatenate([weights, weights, -weights], axis=1) + 0.7 * random.normal(size=(300, 3))
    known = targets.copy()
    known[20:, 0] = np.nan
    found = learn_covariances(inputs, known, tolerance=1e-4, max_steps=1000)
    deviation = np.sqrt(np.diag(found.prior))
    kinship = found.prior / deviation / deviation[:, None]
    assert kinship[0, 1] > 0.8
    assert kinship[0, 2] < -0.8
    alone = learn_covariances(inputs, known[:, :1], tolerance=1e-4, max_steps=1000)
    together, single = (
        posterior_mean(inputs, Numbers(known[:, :k], np.ones((20, k), dtype=bool), ()), each)(inputs)[20:, 0]
        for k, each in ((3, found), (1, alone))
    )
    errors = [np.mean((each - targets[20:, 0]) ** 2) for each in (together, single)]
    assert errors[0] < 0.8 * errors[1]


def test_outcomes_that_see_nothing_in_common_are_as_good_as_alone() -> None:
    inputs, targets = drawn(60, 4, 2)
    apart = np.array([[True, False], [True, False], [False, True], [False, True]])
    numbers = Numbers(targets, apart, ())
    found = covariances_of(inputs, numbers, BayesianLinear.Options())
    assert found.prior[0, 1] == 0
    alone = learn_covariances(inputs[:, :2], targets[:, :1], tolerance=1e-4, max_steps=1000)
    assert found.prior[0, 0] == pytest.approx(alone.prior[0, 0])
    rows = np.eye(4)
    expected = posterior_mean(inputs[:, :2], Numbers(targets[:, :1], apart[:2, :1], ()), alone)(rows[:, :2])
    assert posterior_mean(inputs, numbers, found)(rows)[:, :1] == pytest.approx(expected, abs=1e-6)


def binary(target: np.ndarray) -> Column:
    return Column(task=Task(name="b", kind="binary"), form="binary", target=target, valid_target=target[:0])


def test_links_are_calibrated_and_give_the_base_rate_where_scores_say_nothing() -> None:
    random = np.random.default_rng(0)
    score = random.normal(size=4000)
    target = (random.random(4000) < 1 / (1 + np.exp(1 - 2 * score))).astype(np.float64)
    target[:100] = np.nan
    link = fit_link(binary(target), score[:, None])
    points = np.array([-1.0, 0.0, 1.0])
    assert link(points[:, None])[:, 0] == pytest.approx(1 / (1 + np.exp(1 - 2 * points)), abs=0.03)
    for useless in (np.zeros(4000), -score):
        assert fit_link(binary(target), useless[:, None])(points[:, None]) == pytest.approx(np.nanmean(target))
