"""The multi-task Gaussian process: GPyTorch's own posterior, missing labels, limits, and life without the extra."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from mtl_models.joint.gaussian_process import GaussianProcess
from mtl_models.joint.links import Numbers
from tests.mtl_models.joint.problems import drawn, regressions

OPTIONS = GaussianProcess.Options(steps=15)


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpytorch", None)  # Python's own way to make an import fail
    with pytest.raises(ValueError, match=r"pip install 'mtl-health\[gp\]'"):
        GaussianProcess().fit(regressions(*drawn(10, 2, 2)), OPTIONS, 0)


def labels_of(inputs: np.ndarray, targets: np.ndarray, visible: np.ndarray | None = None) -> Any:
    pytest.importorskip("gpytorch")
    from mtl_models.joint import hadamard

    visible = np.ones((inputs.shape[1], targets.shape[1]), dtype=bool) if visible is None else visible
    return hadamard.Labels.of(inputs, Numbers(targets, visible, ()))


def learned(labels: Any, **options: Any) -> Any:
    from mtl_models.joint import hadamard

    return hadamard.learn(labels, **{"rank": 2, "steps": 10, "learning_rate": 0.1, **options})


def test_the_posterior_mean_is_that_of_the_kernels_written_out() -> None:
    inputs, targets = drawn(30, 4, 3, missing=0.3)
    visible = np.ones((4, 3), dtype=bool)
    visible[1, 2] = False
    process = learned(labels_of(inputs, targets, visible))
    linear, smooth, person = (
        tasks.covar_matrix.to_dense().detach().numpy()
        for tasks in (process.linear_tasks, process.smooth_tasks, process.person_tasks)
    )
    noise, length = process.likelihood.noise.detach().numpy(), process.smooth.lengthscale.item()
    assert length > 2  # the root of four inputs

    def kernel(x: np.ndarray, t: np.ndarray, y: np.ndarray, u: np.ndarray) -> np.ndarray:
        x, y = x * visible[:, t].T, y * visible[:, u].T
        distance = ((x[:, None] - y) ** 2).sum(axis=2)
        return x @ y.T / 4 * linear[t][:, u] + np.exp(-distance / (2 * length**2)) * smooth[t][:, u]

    row, outcome = np.nonzero(~np.isnan(targets))
    kept = row >= 10
    row, outcome = row[kept], outcome[kept]
    same = row[:, None] == row
    matrix = kernel(inputs[row], outcome, inputs[row], outcome) + same * person[outcome][:, outcome]
    solved = np.linalg.solve(matrix + np.diag(noise[outcome]), targets[row, outcome])
    rows = np.random.default_rng(1).normal(size=(5, 4))
    scores = process.posterior(np.arange(30) >= 10)(rows)
    for each in range(3):
        expected = kernel(rows, np.full(5, each), inputs[row], outcome) @ solved
        assert scores[:, each] == pytest.approx(expected, abs=1e-6)


def test_steps_climb_the_marginal_likelihood_and_repeat_to_the_bit() -> None:
    from scipy.stats import multivariate_normal

    labels = labels_of(*drawn(40, 3, 2, missing=0.2))
    values = []
    for steps in (1, 5, 25):
        process = learned(labels, steps=steps)
        matrix = process.prior(labels).detach().numpy() + np.diag(process.likelihood.noise.detach()[labels.outcome])
        values.append(multivariate_normal(np.zeros(len(matrix)), matrix).logpdf(labels.target))
    assert values == sorted(values)
    rows = np.ones(40, dtype=bool)
    assert (learned(labels).posterior(rows)(np.eye(3)) == learned(labels).posterior(rows)(np.eye(3))).all()


def test_a_twin_with_labels_tells_of_a_task_with_few() -> None:
    random = np.random.default_rng(0)
    inputs = random.normal(size=(80, 3))
    value = np.sin(inputs[:, 0]) + 0.5 * inputs[:, 1]
    value = (value - value.mean()) / value.std()
    targets = np.stack([value, -value], axis=1) + 0.2 * random.normal(size=(80, 2))
    few = targets.copy()
    few[8:, 0] = np.nan
    rows = np.ones(80, dtype=bool)
    together = learned(labels_of(inputs, few), steps=40).posterior(rows)(inputs)[8:, 0]
    alone = learned(labels_of(inputs, few[:, :1]), steps=40).posterior(rows)(inputs)[8:, 0]
    errors = [np.mean((each - value[8:]) ** 2) for each in (together, alone)]
    assert errors[0] < 0.5 * errors[1]


def test_more_labels_than_it_can_take_are_refused_with_the_count() -> None:
    pytest.importorskip("gpytorch")
    problem = regressions(*drawn(30, 2, 2))
    with pytest.raises(ValueError, match=r"60 labels to train on, more than the 59 of `max_labels`"):
        GaussianProcess().fit(problem, GaussianProcess.Options(max_labels=59), 0)
    assert (
        len(GaussianProcess().fit(problem, GaussianProcess.Options(max_labels=60, steps=1), 0)(np.zeros((4, 2)))) == 2
    )
