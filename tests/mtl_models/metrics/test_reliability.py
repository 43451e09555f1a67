"""Calibration slopes by another implementation, ratios and biases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.reliability import judge_calibration, logistic_slope
from mtl_models.metrics.settings import EvaluationSettings

N = 600
RANDOM = np.random.default_rng(0)
LOGIT = RANDOM.normal(-1, 1.5, N)
ILL = (RANDOM.random(N) < 1 / (1 + np.exp(-0.6 * LOGIT))).astype(float)


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


def sample_of(targets: dict[str, np.ndarray], predictions: dict[str, np.ndarray]) -> Sample:
    return Sample(np.arange(N), 1, 1, targets, {"multi_task": [Run(0, np.arange(N), predictions)]}, {"multi_task": [0]})


def test_a_slope_is_that_of_a_logistic_regression_in_every_weighting() -> None:
    weights = np.stack([np.ones(N), RANDOM.integers(0, 3, N)], axis=1)
    found = logistic_slope(ILL, LOGIT, weights)
    for column in range(2):
        theirs = LogisticRegression(C=np.inf).fit(LOGIT[:, None], ILL, weights[:, column])
        assert found[column] == pytest.approx(theirs.coef_[0, 0], rel=1e-3)


def test_outcomes_that_are_told_apart_without_a_fault_have_no_slope() -> None:
    assert np.isnan(logistic_slope((LOGIT > 0) * 1.0, LOGIT, np.ones((N, 1)))).all()


def test_figures_worked_by_hand() -> None:
    """Twice too many cases expected; a number that is 3 too low and half as steep as it should be."""
    outcome = RANDOM.normal(100, 10, N)
    tasks = [Task(name="ill", kind="binary"), Task(name="weight", kind="regression", unit="kg")]
    share = np.full(N, min(0.99, 2 * ILL.mean()))
    said = outcome.mean() - 3 + 0.5 * (outcome - outcome.mean())
    sample = sample_of(
        {"ill": ILL[:, None], "weight": outcome[:, None]}, {"ill": share[:, None], "weight": said[:, None]}
    )
    found = judge_calibration(sample, tasks, EvaluationSettings(replicates=50))
    ill, weight = found["ill"]["ill"], found["weight"]["weight"]
    assert ill["ratio"]["value"] == pytest.approx(ILL.mean() / share[0], abs=1e-4)
    assert ill["error"] > ill["chance"]
    assert weight["bias"]["value"] == pytest.approx(3, abs=1e-4)
    assert weight["slope"]["value"] == pytest.approx(2, abs=1e-4)
    assert weight["bias"]["low"] < 3 < weight["bias"]["high"]


def test_a_perfect_model_is_within_chance_and_few_people_are_not_told() -> None:
    target = (RANDOM.random(N) < sigmoid(LOGIT)).astype(float)
    rare = np.where(np.arange(N) < 6, 1.0, 0.0)
    tasks = [Task(name="ill", kind="binary"), Task(name="both", kind="multilabel", labels=("a", "b"))]
    probability = sigmoid(LOGIT)
    sample = sample_of(
        {"ill": target[:, None], "both": np.stack([target, rare], axis=1)},
        {"ill": probability[:, None], "both": np.stack([probability, np.full(N, 0.01)], axis=1)},
    )
    found = judge_calibration(sample, tasks, EvaluationSettings(replicates=50))
    assert found["ill"]["ill"]["error"] < found["ill"]["ill"]["chance"]
    assert found["both"]["b"] == {"n": None}


def test_cuts_of_ordered_classes_have_a_slope_each() -> None:
    task = Task(name="health", kind="ordinal", classes=("good", "fair", "poor"))
    prediction = RANDOM.dirichlet([3, 2, 1], N)
    target = np.array([RANDOM.choice(3, p=row) for row in prediction], float)
    found = judge_calibration(
        sample_of({"health": target[:, None]}, {"health": prediction}), [task], EvaluationSettings(replicates=50)
    )["health"]
    assert list(found) == ["above good", "above fair"]
    assert all(each["slope"]["low"] < 1 < each["slope"]["high"] for each in found.values())
