"""Rules of decision turned into numbers: values worked by hand, and what must hold for all people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_models.data.tasks import Task, task_faults
from mtl_models.kinds import kind_of
from mtl_models.kinds.rules import Decide
from mtl_models.metrics.cuts import balance_classes, cut_expected, finding, top_share

TENTHS = np.arange(1, 11) / 10


def test_the_top_share_is_cut_halfway_to_the_next_person() -> None:
    assert top_share(TENTHS, 0.2) == pytest.approx(0.85)
    assert top_share(TENTHS, 0.05) == pytest.approx(1.0)
    assert top_share(TENTHS[:9], 0.2) is None, "nine people are too few to choose by"


def test_a_threshold_finds_the_share_of_the_cases_that_was_asked_for() -> None:
    probability = np.concatenate([TENTHS, TENTHS - 0.05])
    target = np.repeat([1.0, 0.0], 10)
    # eight of ten cases are at .3 and above; the person below has .25
    assert finding(probability, target, 0.8) == pytest.approx(0.275)
    assert finding(probability, np.where(np.arange(20) < 9, 1.0, np.nan), 0.8) is None


def test_people_who_are_alike_are_on_one_side() -> None:
    alike = np.repeat([0.1, 0.5], 10)
    assert top_share(alike, 0.3) == pytest.approx(0.75), "all ten would be more than the share: none is"
    assert top_share(alike, 0.5) == pytest.approx(0.3)


@given(st.integers(0, 1000), st.floats(0.05, 0.95))
@settings(max_examples=30, deadline=None)
def test_no_more_people_than_the_share_reach_the_threshold(seed: int, share: float) -> None:
    probability = np.random.default_rng(seed).random(60).round(1)
    threshold = top_share(probability, share)
    assert threshold is not None
    assert (probability >= threshold).mean() <= share + 1e-9


@given(st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_classes_become_as_frequent_as_their_shares(seed: int) -> None:
    random = np.random.default_rng(seed)
    prediction = random.dirichlet([8, 4, 1], 400)
    shares = random.dirichlet([5, 5, 5])
    factors = balance_classes(prediction, shares)
    assert factors is not None
    found = np.bincount((prediction * factors).argmax(axis=1), minlength=3) / 400
    assert np.abs(found - shares).max() < 0.03
    cuts = cut_expected(prediction, shares)
    assert cuts is not None
    reached = ((prediction @ np.arange(3))[:, None] >= cuts).sum(axis=1)
    assert np.abs(np.bincount(reached, minlength=3) / 400 - shares).max() < 0.01


def test_costs_need_no_people_and_labels_without_cases_keep_the_threshold() -> None:
    costs = Task(name="a", kind="binary", decide={"false_alarms": 9})  # type: ignore[arg-type]
    assert kind_of(costs).first_cuts(costs) == [0.1]
    labels = Task(name="b", kind="multilabel", labels=("x", "y"), decide=Decide("sensitivity", 0.5))
    prediction = np.stack([np.linspace(0, 1, 40)] * 2, axis=1)
    target = np.stack([np.repeat([0.0, 1.0], 20), np.zeros(40)], axis=1)
    cuts = kind_of(labels).choose_cuts(labels, prediction, target, target)
    assert cuts[0] == pytest.approx((prediction[29, 0] + prediction[30, 0]) / 2)
    assert cuts[1] == 0.5


@pytest.mark.parametrize(
    ("decide", "said"),
    [
        ({"shar": 0.1}, "'shar' is none of share, sensitivity, false_alarms; the nearest is 'share'"),
        ("share", "share needs a share of people, as {share: 0.1}"),
        ({"sensitivity": 80}, "sensitivity must be between 0 and 1, is 80"),
        ({"false_alarms": -1}, "false_alarms must be above 0 and finite, is -1"),
        ({"share": 0.1, "sensitivity": 0.8}, "name one rule"),
        (3, "must be the name of a rule, or a rule with its number, not a number"),
    ],
)
def test_a_bad_rule_is_one_sentence(decide: object, said: str) -> None:
    assert task_faults({"name": "a", "kind": "binary", "decide": decide}) == [f"decide: {said}"]


def test_a_kind_says_which_rules_it_has() -> None:
    assert task_faults({"name": "a", "kind": "regression", "decide": {"share": 0.1}}) == [
        "decide: a task of this kind decides nothing"
    ]
