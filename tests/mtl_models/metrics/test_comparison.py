"""Gains: bounded, undefined where people cannot tell models apart, and means of what is defined."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_models.data.tasks import Task
from mtl_models.metrics.comparison import bounded_gain, compare
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.replicates import seed_shares
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, score_task
from mtl_models.metrics.settings import EvaluationSettings

ROUNDING = Rounding(4, 0.95)
TASKS = {
    "chol": Task(name="chol", kind="regression", unit="mg/dL"),
    "ill": Task(name="ill", kind="binary"),
    "thal": Task(name="thal", kind="multiclass", classes=("a", "b", "c")),
    "signs": Task(name="signs", kind="multilabel", labels=("cough", "rash")),
}
LOSSES = st.floats(min_value=0, allow_nan=False, allow_infinity=True)


def predictions(task: Task, n: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    if task.kind == "multiclass":
        return generator.dirichlet(np.ones(3), n)
    values = generator.random((n, task.n_outputs))
    return values * 100 if task.kind == "regression" else values


def judged(targets: dict[str, np.ndarray], n: int = 40) -> dict[str, Any]:
    """One model against another on some targets."""
    tasks = [TASKS[name] for name in targets]
    both = [
        {task.name: score_task(task, targets[task.name], predictions(task, n, seed)) for task in tasks}
        for seed in (0, 1)
    ]
    return compare(tasks, *both, dict.fromkeys(targets, True), ROUNDING, is_twin=False)


def spread(name: str, n: int = 40) -> np.ndarray:
    task = TASKS[name]
    column = np.arange(n) * 1.0 if task.kind == "regression" else np.arange(n) % (3 if task.classes else 2) * 1.0
    return np.tile(column[:, None], (1, len(task.target_columns)))


def test_a_gain_by_hand() -> None:
    """A loss of 1 for 2 is half of it; 2 for 1 is twice; 30 for 1 is said to be no more than twice."""
    loss, other = np.array([1.0, 2.0, 30.0, 1.0, 0.0]), np.array([2.0, 1.0, 1.0, 1.0, 1.0])
    assert bounded_gain(loss, other).tolist() == [0.5, -1.0, -1.0, 0.0, 1.0]


@given(loss=LOSSES, other=LOSSES)
def test_a_gain_is_bounded_or_undefined(loss: float, other: float) -> None:
    gain = float(bounded_gain(np.array([loss]), np.array([other]))[0])
    if other == 0 or np.isinf(other):
        assert np.isnan(gain)
    else:
        assert -1 <= gain <= 1
        assert (gain >= 0) == (loss <= other)


@pytest.mark.parametrize("name", list(TASKS))
def test_people_of_one_value_give_no_gain_and_enter_no_mean(name: str) -> None:
    others = {each: spread(each) for each in TASKS if each != name}
    constant = {name: np.zeros((40, len(TASKS[name].target_columns)))}
    found = judged({**others, **constant})
    record = found["tasks"][name]
    assert (record["value"], record["low"], record["verdict"]) == (None, None, "undefined")
    assert record["reason"] == f"the labelled people have one {'value' if name == 'chol' else 'class'} only"
    assert found["mean"]["left_out"] == [name]
    assert found["mean"]["n_tasks"] == 3
    assert found["mean"]["value"] == judged(others)["mean"]["value"]
    assert found["worst"]["task"] != name


def test_a_task_without_labels_is_named_with_its_reason() -> None:
    found = judged({"chol": spread("chol"), "ill": np.full((40, 1), np.nan)})
    assert found["tasks"]["ill"]["reason"] == "nobody has a label"
    assert found["mean"]["left_out"] == ["ill"]


def test_two_classes_of_three_are_enough_for_a_gain() -> None:
    found = judged({"thal": np.minimum(spread("thal"), 1)})
    assert found["tasks"]["thal"]["value"] is not None
    assert found["mean"]["left_out"] == []


def test_no_defined_task_gives_no_mean_and_no_worst() -> None:
    found = judged({"ill": np.ones((40, 1))})
    assert (found["mean"]["value"], found["mean"]["verdict"], found["mean"]["n_tasks"]) == (None, "undefined", 0)
    assert found["worst"] is None


@pytest.mark.parametrize("other", [0.0, np.inf])
def test_an_old_loss_of_nothing_or_of_everything_is_no_gain(other: float) -> None:
    task = TASKS["chol"]
    scores = score_task(task, spread("chol"), predictions(task, 40, 0))
    old = replace(scores, metrics={**scores.metrics, "rmse": np.array([other])})
    found = compare([task], {"chol": scores}, {"chol": old}, {"chol": True}, ROUNDING, is_twin=False)
    assert found["tasks"]["chol"]["verdict"] == "undefined"
    assert found["tasks"]["chol"]["reason"] == "the error it is measured by is 0 or not finite"


def test_one_absurd_task_moves_the_mean_by_no_more_than_its_share() -> None:
    """One loss of 1e12 against 1 beside two gains of a tenth: (0.1 + 0.1 - 1) / 3."""
    tasks = [replace(TASKS["chol"], name=name) for name in ("a", "b", "c")]
    ours, theirs = (
        {name: TaskScores({"rmse": np.array([value])}) for name, value in losses.items()}
        for losses in ({"a": 0.9, "b": 0.9, "c": 1e12}, {"a": 1.0, "b": 1.0, "c": 1.0})
    )
    found = compare(tasks, ours, theirs, dict.fromkeys("abc", True), ROUNDING, is_twin=False)
    assert found["mean"]["value"] == pytest.approx(-0.2667, abs=1e-4)
    assert found["worst"]["task"] == "c"
    assert found["worst"]["value"] == -1.0


def test_a_label_that_nobody_has_is_left_out_of_its_task_and_named() -> None:
    target = spread("signs")
    target[:, 1] = 0
    predicted = predictions(TASKS["signs"], 40, 0)
    found = score_task(TASKS["signs"], target, predicted)
    assert found.left_out == ("rash",)
    assert found.undefined == ""
    assert found.metrics["log_loss"] == found.labels["cough"]["log_loss"]
    assert found.metrics["auroc"] == found.labels["cough"]["auroc"]
    assert np.isnan(found.labels["rash"]["log_loss"]).all()


def test_a_replicate_of_one_class_is_still_one_of_a_sample_of_two() -> None:
    """The sample decides: by chance a resample holds one class, and its loss counts like any other."""
    target = np.array([[0.0], [0.0], [1.0]])
    weights = np.array([[1.0, 1.5], [1.0, 1.5], [1.0, 0.0]])
    assert np.isfinite(score_task(TASKS["ill"], target, np.full((3, 1), 0.2), weights).metrics["log_loss"]).all()


@given(st.lists(st.floats(-1, 1) | st.just(float("nan")), min_size=1, max_size=6))
def test_a_mean_is_of_what_is_defined(values: list[float]) -> None:
    figures = {f"task{number}": np.array([value, value]) for number, value in enumerate(values)}
    mean = mean_of_defined(figures)
    defined = [value for value in values if not np.isnan(value)]
    assert mean.n + len(mean.left_out) == len(values)
    assert mean.n == len(defined)
    if defined:
        assert mean.values == pytest.approx(np.mean(defined))
    else:
        assert np.isnan(mean.values).all()


SETTINGS = EvaluationSettings(replicates=300, seed=3)


def test_seeds_are_drawn_with_replacement_and_all_count_alike_in_the_sample() -> None:
    shares = seed_shares("lightgbm", [0, 1, 2, 3, 4], SETTINGS)
    assert shares.shape == (5, 301)
    assert shares[:, 0] == pytest.approx(0.2)
    assert shares.sum(axis=0) == pytest.approx(1.0)
    assert shares[:, 1:].mean(axis=1) == pytest.approx(0.2, abs=0.04)
    assert shares.max() >= 0.6


def test_repeats_of_a_seed_are_drawn_together() -> None:
    shares = seed_shares("lightgbm", [0, 0, 1, 1], SETTINGS)
    assert (shares[0] == shares[1]).all()
    assert (shares[2] == shares[3]).all()
    assert shares[:2].sum(axis=0) + shares[2:].sum(axis=0) == pytest.approx(1.0)


def test_one_seed_varies_by_its_people_alone() -> None:
    assert (seed_shares("linear", [7], SETTINGS) == 1).all()
    assert (seed_shares("linear", [7, 7], SETTINGS) == 0.5).all()


def test_models_draw_apart_and_names_of_seeds_do_not_matter() -> None:
    one, other = (seed_shares(model, [0, 1, 2], SETTINGS) for model in ("lightgbm", "catboost"))
    assert not (one == other).all()
    assert (seed_shares("lightgbm", [10, 11, 12], SETTINGS) == one).all()
    assert (seed_shares("lightgbm", [2, 0, 1], SETTINGS) == one[[2, 0, 1]]).all()
