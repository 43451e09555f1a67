"""What decisions come to: worked by hand on a fixed split, pooled over folds, kappa by another implementation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import cohen_kappa_score

from mtl_models.data.tasks import Task
from mtl_models.kinds.rules import Decide
from mtl_models.metrics.decisions import judge_decisions, weighted_kappa
from mtl_models.metrics.settings import EvaluationSettings

SETTINGS = EvaluationSettings(replicates=50, min_count=2)
TENTHS = np.arange(1, 11) / 10


def people(parts: list[str], resample: str = "split") -> pl.DataFrame:
    """Persons with a part, in an order of their own."""
    return pl.DataFrame({"person_id": [f"p{place:02d}" for place in range(len(parts))], resample: parts})


def rows(probability: np.ndarray, parts: list[str], resample: str = "split") -> pl.DataFrame:
    frame = people(parts).rename({"split": "part"}).with_columns(pl.Series("ill__p", probability))
    keys = {"model": pl.lit("multi_task"), "seed": pl.lit(0, pl.Int32), "resample": pl.lit(resample)}
    return frame.filter(pl.col("part") != "train").with_columns(**keys)


def test_a_capacity_is_cut_on_validation_people_and_judged_on_tested_ones() -> None:
    """Validation: two of ten reach .85. Tested: three do (.86, .9 and .95), two of them are cases, of four cases."""
    parts = ["valid"] * 10 + ["test"] * 10
    tested = np.array([0.86, 0.9, 0.95, 0.8, 0.7, 0.1, 0.1, 0.2, 0.3, 0.3])
    target = np.concatenate([np.zeros(10), [1, 1, 0, 1, 1, 0, 0, 0, 0, np.nan]])
    task = Task(name="ill", kind="binary", decide=Decide("share", 0.2))
    found = judge_decisions(
        rows(np.concatenate([TENTHS, tested]), parts),
        people(parts).select("person_id").with_columns(pl.Series("ill", target)),
        people(parts),
        [task],
        part="test",
        settings=SETTINGS,
    )["ill"]
    column = found["columns"]["ill"]
    assert (column["cut"], column["n"], column["n_cases"]) == (0.85, 9, 4)
    figures = {name: figure["value"] for name, figure in column["metrics"].items()}
    odds = 0.85 / 0.15
    by_hand = {
        "flagged": 3 / 9,
        "sensitivity": 2 / 4,
        "ppv": 2 / 3,
        "net_benefit": (2 - odds * 1) / 9,
        "treat_all": (4 - odds * 5) / 9,
    }
    assert figures == pytest.approx(by_hand, abs=1e-4)
    assert found["rule"] == "from a threshold on that 20 % of the validation people reach"


def test_folds_of_a_repeat_are_one_run_each_cut_by_its_own_validation_people() -> None:
    first, second = ["valid"] * 10 + ["test"] * 10, ["test"] * 10 + ["valid"] * 10
    task = Task(name="ill", kind="binary", decide=Decide("share", 0.5))
    splits = people(first, "r0f0").join(people(second, "r0f1"), on="person_id")
    # of the first fold .55 is the cut, of the second .055: half of the people are flagged in both
    predictions = pl.concat(
        [
            rows(np.concatenate([TENTHS, TENTHS]), first, "r0f0"),
            rows(np.concatenate([TENTHS / 10, TENTHS / 10]), second, "r0f1"),
        ]
    )
    targets = splits.select("person_id").with_columns(ill=pl.Series([0.0, 1.0] * 10))
    column = judge_decisions(predictions, targets, splits, [task], part="test", settings=SETTINGS)["ill"]["columns"][
        "ill"
    ]
    assert (column["n"], column["n_cases"]) == (20, 10)
    assert column["metrics"]["flagged"]["value"] == 0.5
    assert column["cut"] == pytest.approx((0.55 + 0.055) / 2, abs=1e-4)


def test_of_too_few_cases_nothing_is_told() -> None:
    parts = ["valid"] * 10 + ["test"] * 10
    target = np.concatenate([np.zeros(10), [1.0], np.zeros(9)])
    found = judge_decisions(
        rows(np.concatenate([TENTHS, TENTHS]), parts),
        people(parts).select("person_id").with_columns(pl.Series("ill", target)),
        people(parts),
        [Task(name="ill", kind="binary")],
        part="test",
        settings=SETTINGS,
    )["ill"]["columns"]["ill"]
    assert (found["n"], found["n_cases"], found["metrics"]) == (None, None, {})


def test_a_small_class_hides_the_others_which_would_give_it_away() -> None:
    task = Task(name="health", kind="ordinal", classes=("good", "fair", "poor"))
    parts, target = ["test"] * 20, np.repeat([0.0, 1.0, 2.0], [10, 9, 1])
    prediction = np.random.default_rng(0).dirichlet([2, 2, 1], 20)
    columns = [pl.Series(name, values) for name, values in zip(task.prediction_columns, prediction.T, strict=True)]
    frame = rows(np.zeros(20), parts).drop("ill__p").with_columns(columns)
    targets = people(parts).select("person_id").with_columns(pl.Series("health", target))
    found = judge_decisions(frame, targets, people(parts), [task], part="test", settings=SETTINGS)["health"]
    assert "agreement" not in found
    assert all((each["n"], each["n_cases"], each["metrics"]) == (None, None, {}) for each in found["columns"].values())


def test_kappa_is_that_of_another_implementation() -> None:
    random = np.random.default_rng(0)
    target, decided = (random.integers(0, 4, 200).astype(float) for _ in range(2))
    decided = np.where(random.random(200) < 0.5, target, decided)
    found = weighted_kappa(target, decided, np.ones((200, 1)))
    assert found[0] == pytest.approx(cohen_kappa_score(target, decided, weights="quadratic"))
