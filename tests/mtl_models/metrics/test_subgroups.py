"""Figures by group: values by hand, what is clear and what is chance, and few people who are not shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.subgroups import by_group, holm

SETTINGS = EvaluationSettings(replicates=200)
NUMBER, ILL = Task(name="sbp", kind="regression"), Task(name="ill", kind="binary")
STAGE = Task(name="stage", kind="ordinal", classes=("a", "b", "c"))
LABELS = Task(name="chronic", kind="multilabel", labels=("asthma", "stroke"))


def sample_of(targets: dict[str, np.ndarray], predictions: dict[str, np.ndarray], *, n_runs: int = 1) -> Sample:
    n = len(next(iter(targets.values())))
    runs = [Run(seed, np.arange(n), predictions) for seed in range(n_runs)]
    return Sample(np.arange(n).astype(str), 1, 1, targets, {"multi_task": runs}, {"multi_task": [*range(n_runs)]})


def records_of(result: dict[str, Any], **wanted: str) -> list[dict[str, Any]]:
    return [each for each in result["records"] if all(each[key] == value for key, value in wanted.items())]


def halves(n: int) -> dict[str, dict[str, np.ndarray]]:
    first = np.arange(n) < n // 2
    return {"half": {"first": first, "second": ~first}}


def test_figures_by_hand() -> None:
    """A bias of 2 in one half and none in the other; 30 ill people where 20 were expected, and 20 where 20 were."""
    rng = np.random.default_rng(0)
    number = rng.normal(size=200)
    ill = np.r_[np.arange(100) < 30, np.arange(100) < 20].astype(float)
    stage = np.tile([0.0, 1.0, 2.0, 1.0], 50)
    targets = {"sbp": number[:, None], "ill": ill[:, None], "stage": stage[:, None]}
    bias = np.r_[np.full(100, 2.0), np.zeros(100)]
    even = np.tile([0.2, 0.3, 0.5], (200, 1))
    sample = sample_of(targets, {"sbp": (number + bias)[:, None], "ill": np.full((200, 1), 0.2), "stage": even})
    found = by_group(sample, [NUMBER, ILL, STAGE], halves(200), SETTINGS)
    calibration = {(each["task"], each["group"]): each["calibration"]["value"] for each in records_of(found)}
    assert calibration == {
        ("sbp", "first"): pytest.approx(2),
        ("sbp", "second"): pytest.approx(0),
        ("ill", "first"): pytest.approx(1.5),
        ("ill", "second"): pytest.approx(1.0),
        # 0.3 + 2 * 0.5 expected, 1 observed
        ("stage", "first"): pytest.approx(0.3),
        ("stage", "second"): pytest.approx(0.3),
    }
    (first,), (second,) = (records_of(found, task="sbp", group=each) for each in ("first", "second"))
    assert second["performance"]["value"] == 1.0
    assert first["performance"]["others"] == second["performance"]["value"]
    assert {each["n"] for each in found["records"]} == {100}


def test_a_group_that_is_served_badly_is_clear_and_chance_is_not() -> None:
    rng = np.random.default_rng(1)
    n = 600
    number, noise = rng.normal(size=(n, 1)), rng.normal(size=(n, 1))
    bad = np.arange(n) < 200
    served = np.where(bad[:, None], noise, number + 0.5 * noise)
    thirds = {"third": {name: np.arange(n) // 200 == place for place, name in enumerate(("bad", "one", "two"))}}
    chance = {f"draw {draw}": dict(zip("ab", (rows := rng.random(n) < 0.5, ~rows), strict=True)) for draw in range(6)}
    found = by_group(sample_of({"sbp": number}, {"sbp": served}, n_runs=2), [NUMBER], {**thirds, **chance}, SETTINGS)
    clear = {(each["partition"], each["group"]) for each in found["records"] if each["performance"]["clear"]}
    assert ("third", "bad") in clear
    assert not {partition for partition, _ in clear} - {"third"}
    # three groups in two figures, and two groups in two figures once each
    assert found["n_tests"] == 3 * 2 + 6 * 2
    again = by_group(sample_of({"sbp": number}, {"sbp": served}, n_runs=2), [NUMBER], {**thirds, **chance}, SETTINGS)
    assert again == found


def test_few_people_have_no_figure_and_no_count() -> None:
    rng = np.random.default_rng(2)
    asthma = (np.arange(300) % 3 == 0).astype(float)
    stroke = (np.arange(300) % 50 == 0).astype(float)
    sample = sample_of({"chronic": np.stack([asthma, stroke], axis=1)}, {"chronic": rng.uniform(size=(300, 2))})
    few = np.arange(300) < 5
    found = by_group(sample, [LABELS], {**halves(300), "few": {"five": few, "rest": ~few}}, SETTINGS)
    assert all(each["shown"] and each["n"] == 150 for each in records_of(found, label="asthma", partition="half"))
    assert not any(each["shown"] for each in records_of(found, label="stroke", partition="half"))
    tiny = records_of(found, label="asthma", partition="few")
    assert [each["shown"] for each in tiny] == [False, True]
    assert [each["n"] for each in tiny] == [None, None]  # the total less the others would be five
    assert all(each["performance"]["value"] is None for each in found["records"] if not each["shown"])


def test_a_number_is_looked_at_within_the_yes_or_no_that_goes_with_it() -> None:
    """It foretells who is ill and nothing else: good over all, worth nothing within either."""
    rng = np.random.default_rng(3)
    ill = (rng.random(400) < 0.4).astype(float)
    number = 4 * ill + rng.normal(size=400)
    asthma = (rng.random(400) < 0.4).astype(float)
    targets = {"sbp": number[:, None], "ill": ill[:, None], "chronic": np.stack([asthma, asthma], axis=1)}
    predictions = {"sbp": 4 * ill[:, None], "ill": np.full((400, 1), 0.4), "chronic": np.full((400, 2), 0.4)}
    found = by_group(sample_of(targets, predictions), [NUMBER, ILL, LABELS], {}, SETTINGS)
    assert [(each["partition"], each["group"]) for each in found["records"]] == [("ill", "yes"), ("ill", "no")]
    assert all(abs(each["performance"]["value"]) < 0.1 for each in found["records"])
    targets["sbp"] = rng.normal(size=(400, 1))
    assert by_group(sample_of(targets, predictions), [NUMBER, ILL, LABELS], {}, SETTINGS)["records"] == []


def test_holm_by_hand() -> None:
    # 0.05 / 4, / 3, / 2, / 1: the third is above its limit, so that the fourth stands too
    assert holm([0.04, 0.001, 0.03, 0.0166], 0.05) == [False, True, False, True]
    assert holm([], 0.05) == []
