"""The group-sparse model equals scikit-learn's where that has it, and keeps its conditions of optimality elsewhere."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Lasso, LogisticRegression, MultiTaskLasso

from mtl_models.data.tasks import Task
from mtl_models.joint.columns import Column
from mtl_models.joint.group_sparse import max_penalty, solve, solve_screened
from mtl_models.joint.loss import LinearLoss, linear_loss
from tests.mtl_models.joint.problems import drawn, regressions


def mixed(n: int = 150, d: int = 8) -> LinearLoss:
    """A regression, a binary and a three-class column, each with missing labels and one hidden input."""
    inputs, targets = drawn(n, d, 3, missing=0.2)
    problem = regressions(inputs, targets)
    binary = np.where(np.isnan(targets[:, 1]), np.nan, targets[:, 1] > 0.8)
    classes = np.where(np.isnan(targets[:, 2]), np.nan, np.digitize(targets[:, 2], [-0.5, 1.0]))
    names = ("a", "b", "c")
    columns = (
        problem.columns[0],
        Column(task=Task(name="b", kind="binary"), form="binary", target=binary, valid_target=binary[:0]),
        Column(
            task=Task(name="c", kind="multiclass", classes=names),
            form="classes",
            target=classes,
            valid_target=classes[:0],
            seen=(0, 1, 2),
        ),
    )
    visible = problem.visible.copy()
    visible[0, 1] = visible[1, 2] = False
    return linear_loss(replace(problem, columns=columns, visible=visible))


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.01])
def test_it_equals_scikit_learns_multi_task_lasso_on_complete_labels(alpha: float) -> None:
    inputs, targets = drawn(120, 20, 5)
    loss = linear_loss(regressions(inputs, targets))
    found = solve(loss, alpha, loss.base_weights(), tolerance=1e-12)
    expected = MultiTaskLasso(alpha=alpha, tol=1e-14, max_iter=100_000).fit(inputs, targets)
    assert found[:-1] == pytest.approx(expected.coef_.T, abs=1e-9)
    assert found[-1] == pytest.approx(expected.intercept_, abs=1e-9)
    assert (found[:-1] == 0).all(axis=1).sum() == (expected.coef_ == 0).all(axis=0).sum()


def test_with_one_task_it_equals_scikit_learns_lasso_on_the_labelled_rows() -> None:
    inputs, targets = drawn(120, 20, 1, missing=0.3)
    known = ~np.isnan(targets[:, 0])
    loss = linear_loss(regressions(inputs, targets))
    # our loss is over all rows, so that a label counts the same in every column
    found = solve(loss, 0.1 * known.mean(), loss.base_weights(), tolerance=1e-12)
    expected = Lasso(alpha=0.1, tol=1e-14, max_iter=100_000).fit(inputs[known], targets[known, 0])
    assert found[:-1, 0] == pytest.approx(expected.coef_, abs=1e-9)


def test_without_a_penalty_a_binary_column_is_logistic_regression() -> None:
    loss = mixed()
    found = solve(loss, 0.0, loss.base_weights(), tolerance=1e-10) * loss.units
    column = loss.columns[1]
    known = ~np.isnan(column.target)
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000)
    model.fit(loss.inputs[known][:, 1:-1], column.target[known])  # the first input is hidden from it
    assert found[1:-1, 1] == pytest.approx(model.coef_[0], abs=1e-5)
    assert found[-1, 1] == pytest.approx(model.intercept_[0], abs=1e-5)
    assert found[0, 1] == 0
    assert (found[1, 2:5] == 0).all()


def test_the_gradient_is_that_of_the_loss() -> None:
    loss = mixed()
    random = np.random.default_rng(3)
    weights, move = (random.normal(size=loss.shape) * loss.visible for _ in range(2))
    ends = [loss.value(loss.scores(weights + sign * 1e-6 * move)) for sign in (-1, 1)]
    slope = float(np.sum(loss.gradient(loss.scores(weights)) * move))
    assert slope == pytest.approx((ends[1] - ends[0]) / 2e-6, rel=1e-6)


@pytest.mark.parametrize("share", [0.6, 0.2, 0.03])
def test_screening_changes_nothing_and_the_conditions_of_optimality_hold(share: float) -> None:
    loss = mixed()
    first = max_penalty(loss)
    penalty, start = share * first, loss.base_weights()
    found = solve_screened(loss, penalty, first, start, tolerance=1e-11 * first, max_steps=20_000)
    assert found == pytest.approx(solve(loss, penalty, start, tolerance=1e-11 * first), abs=1e-7)
    gradient = loss.gradient(loss.scores(found))
    norms = np.linalg.norm(found[:-1], axis=1, keepdims=True)
    used = norms[:, 0] > 0
    assert gradient[-1] == pytest.approx(0, abs=1e-9)
    assert gradient[:-1][used] == pytest.approx((-penalty * found[:-1] / np.maximum(norms, 1e-9))[used], abs=1e-8)
    assert (np.linalg.norm(gradient[:-1][~used], axis=1) <= penalty).all()


def test_the_first_penalty_is_the_least_that_leaves_no_input() -> None:
    loss = mixed()
    first, start = max_penalty(loss), loss.base_weights()
    assert not solve(loss, 1.001 * first, start, tolerance=1e-10)[:-1].any()
    assert solve(loss, 0.99 * first, start, tolerance=1e-10)[:-1].any()


def test_a_value_worked_by_hand() -> None:
    """One input of variance 1 and two targets 3 and 4 times it: the pair of weights shrinks from length 5 to 4."""
    inputs = np.array([[1.0], [-1.0]])
    loss = linear_loss(regressions(inputs, inputs * [[3.0, 4.0]]))
    found = solve(loss, 1.0, loss.base_weights(), tolerance=1e-12)
    assert found == pytest.approx(np.array([[2.4, 3.2], [0.0, 0.0]]))


def test_all_kinds_of_outcome_have_the_same_units() -> None:
    """At the base rates an input's gradient is its covariance with the standardised outcome, whatever its rate."""
    loss = mixed()
    gradient = loss.gradient(loss.scores(loss.base_weights()))
    column = loss.columns[1]
    known = ~np.isnan(column.target)
    standardised = (column.target[known] - column.target[known].mean()) / column.target[known].std()
    expected = -(loss.inputs[known, 3] * standardised).sum() / len(loss.inputs)
    assert gradient[3, 1] == pytest.approx(expected)
