"""The gate: a model against itself, a worse one, a better one, and what nobody can judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from flows.nightly.gate import Against, Case, judge
from flows.nightly.judging.checks import Check, Verdict
from flows.nightly.judging.compared import Rules, compared
from flows.nightly.judging.predicted import People, Predicted
from flows.nightly.score_contract import scores_contract
from flows.nightly.task_changes import Changes, table_conflicts
from flows.project.gate_settings import CalibrationSettings, GateSettings, MarginSettings
from flows.stores.tables import ScoreTable
from mtl_models.data.tasks import Task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.serving.scorer import score_columns

TASKS = (Task(name="tc", kind="regression", unit="mg/dL"), Task(name="ill", kind="binary"))
# the made-up scores are not calibrated
LOOSE = CalibrationSettings(min_events=1000)
SETTINGS = GateSettings(replicates=200, calibration=LOOSE)
EVALUATION = EvaluationSettings()


def people(n: int, noise: float, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Targets, and scores that miss them by ``noise``."""
    generator = np.random.default_rng(seed)
    tc, ill = generator.normal(size=n), (generator.random(n) < 0.3).astype(float)
    p = np.clip(np.where(ill == 1, 0.8, 0.2) + noise * generator.normal(size=n) / 5, 0.01, 0.99)
    targets = pl.DataFrame({"tc": tc, "ill": ill})
    return targets, pl.DataFrame({"tc": tc + noise * generator.normal(size=n), "ill__p": p})


def verdict_of(
    challenger: pl.DataFrame,
    champion: pl.DataFrame | None,
    targets: pl.DataFrame,
    tasks: tuple[Task, ...] = TASKS,
    evaluation: EvaluationSettings = EVALUATION,
    common: tuple[str, ...] = ("tc", "ill"),
    settings: GateSettings = SETTINGS,
    features: pl.DataFrame | None = None,
) -> Verdict:
    who, ours = People(targets, features=features), Predicted((challenger,))
    against = [] if champion is None else [Against("champion", ours, Predicted((champion,)), who, common)]
    return judge(Case(ours, who, tasks, against), Rules(settings, evaluation))


def said(verdict: Verdict, name: str) -> Check:
    """A check by its name."""
    return next(check for check in verdict.checks if check.name == name)


def test_a_model_is_not_worse_than_itself() -> None:
    targets, scores = people(300, 1.0)
    verdict = verdict_of(scores, scores, targets)
    assert verdict.passes
    assert [verdict.gains["mean"][key] for key in ("value", "low", "high")] == [0, 0, 0]
    assert [check.name for check in verdict.checks if check.outcome == "pass"][-3:] == [
        "champion, mean",
        "champion, tc",
        "champion, ill",
    ]


def test_a_clearly_worse_challenger_is_stopped_and_a_better_one_passes() -> None:
    targets, good = people(300, 0.5)
    _, bad = people(300, 1.5)
    stopped = verdict_of(bad, good, targets)
    assert not stopped.passes
    assert stopped.gains["mean"]["high"] < 0
    assert "champion, mean: gain −" in stopped.words
    assert verdict_of(good, bad, targets).passes


def test_gain_by_hand() -> None:
    """RMSE 1 instead of 2 is a gain of one half, the same in every resample; what training adds is taken for granted.

    Two seeds differ with a standard deviation of 0.01 times the root of 2; 95 % lie above the mean minus 1.645 of it.
    """
    targets = pl.DataFrame({"tc": [0.0, 10.0] * 6})
    miss = pl.DataFrame({"tc": [1.0, -1.0] * 6})
    verdict = verdict_of(targets + miss, targets + 2 * miss, targets, TASKS[:1], common=("tc",))
    assert [verdict.gains["tasks"]["tc"][key] for key in ("value", "low", "high")] == [0.5, 0.5, 0.5]
    assert said(verdict, "champion, tc").figures["low"] == pytest.approx(0.5 - 1.6449 * 0.01 * np.sqrt(2), abs=1e-5)


def test_between_two_models_of_one_network_no_training_stands_and_no_margin_grows() -> None:
    targets, scores = people(60, 1.0)
    moved = scores.with_columns(pl.col("tc") + 0.3, pl.col("ill__p") * 0.99)
    ours, theirs, who = Predicted((moved,)), Predicted((scores,)), People(targets)
    apart, same = (
        compared("champion", ours, theirs, who, TASKS, Rules(SETTINGS, EVALUATION, same_network=same)).checks
        for same in (False, True)
    )
    assert all(one.figures["margin"] >= other.figures["margin"] for one, other in zip(apart, same, strict=True))
    assert apart[0].figures["margin"] > 0.02
    assert [check.figures["margin"] for check in same] == [0.02, 0.1, 0.1], "as was asked for"
    assert all(one.figures["low"] < other.figures["low"] for one, other in zip(apart, same, strict=True))


def test_what_training_adds_by_hand() -> None:
    """Both err by 1; their other seeds by 1.1 and 1.2. One degree of freedom each: 95 % of Student's t lie above -2.92.

    The logarithms of the losses have the variances log(1.1)^2 / 2 and log(1.2)^2 / 2, which are averaged; a difference
    of two models has twice that.
    """
    targets = pl.DataFrame({"tc": [0.0, 10.0] * 6})
    one, other, third = (targets + pl.DataFrame({"tc": [miss, -miss] * 6}) for miss in (1.0, 1.1, 1.2))
    ours, theirs = Predicted((one,), (one, other)), Predicted((one,), (one, third))
    found = compared("champion", ours, theirs, People(targets), TASKS[:1], Rules(SETTINGS, EVALUATION))
    error = np.sqrt((np.log(1.1) ** 2 + np.log(1.2) ** 2) / 2)
    assert [check.figures["low"] for check in found.checks] == pytest.approx([-2.919986 * error] * 2, abs=1e-5)
    known = Rules(GateSettings(seed_sd={"mean": 0.01, "tc": 0.02}), EVALUATION)
    checks = compared("champion", ours, theirs, People(targets), TASKS[:1], known).checks
    assert [check.figures["low"] for check in checks] == pytest.approx(
        [-1.644854 * sd * np.sqrt(2) for sd in (0.01, 0.02)], abs=1e-5
    )
    repeats = [Predicted((one, one)), Predicted((third, other))]
    mean = compared("champion", *repeats, People(targets), TASKS[:1], Rules(SETTINGS, EVALUATION)).checks[0]
    gains = [1 - 1 / 1.2, 1 - 1 / 1.1]  # of each repeat; their mean varies by half of their variance
    assert mean.figures["gain"] == pytest.approx(1 - 1 / 1.15, abs=1e-6)
    spread = np.std(gains, ddof=1) / np.sqrt(2)
    assert mean.figures["low"] == pytest.approx(1 - 1 / 1.15 - 6.313752 * spread, abs=1e-5)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (pl.lit(0.0).alias("ill"), "task ill: its 300 labelled validation people have one class only"),
        (pl.lit(None, pl.Float64).alias("ill"), "task ill: nobody has a label"),
        (pl.lit(5.0).alias("tc"), "task tc: its 300 labelled validation people have one value only"),
        (
            pl.when(pl.int_range(pl.len()) < 4).then(1.0).alias("ill"),
            "task ill: its labelled (fewer than 10) validation people have one class only",
        ),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_task_without_a_figure_stops_a_first_model_and_a_better_one(
    change: pl.Expr, reason: str, first: bool
) -> None:
    """Nobody knows whether such a challenger is worse: not by 32 percent, and not by none."""
    targets, bad = people(300, 1.5)
    _, good = people(300, 0.5)
    verdict = verdict_of(good, None if first else bad, targets.with_columns(change))
    assert not verdict.passes
    assert f"figures: no figure for {reason}" in verdict.words
    assert "%" not in verdict.words


def test_a_perfect_champion_is_a_leak_and_not_a_gain_of_nothing() -> None:
    targets, scores = people(300, 1.0)
    verdict = verdict_of(scores, scores.with_columns(targets["tc"]), targets)
    assert not verdict.passes
    assert "champion, tc: the champion's error on validation people is 0" in verdict.words


def test_one_absurd_stay_is_no_absurd_figure() -> None:
    targets, good = people(300, 0.5)
    outlier = pl.when(pl.int_range(pl.len()) == 0).then(1e12).otherwise(pl.col("tc")).alias("tc")
    stopped = verdict_of(good.with_columns(outlier), good, targets)
    assert not stopped.passes
    assert said(stopped, "champion, mean").figures["gain"] == -0.5
    assert "champion, tc: gain −100.0\u00a0% on 300 validation people" in stopped.words
    assert "its error is at least twice as large" in stopped.words
    assert verdict_of(good, good, targets.with_columns(outlier)).gains["mean"]["value"] == 0


def test_a_first_model_is_judged_alone() -> None:
    targets, scores = people(300, 0.5)
    verdict = verdict_of(scores, None, targets)
    assert verdict.passes
    assert verdict.words == "2 tasks have a figure on 300 validation people; 2 checks passed"
    assert verdict.gains == {}
    assert {check.name: check.outcome for check in verdict.checks} == {
        "figures": "pass",
        "events": "pass",
        "floors": "not judged",
        "calibration": "not judged",
    }


def test_people_are_as_few_as_the_studys_evaluation_says() -> None:
    targets, good = people(300, 0.5)
    verdict = verdict_of(good, good, targets, evaluation=EvaluationSettings(min_count=301))
    assert "on fewer than 301 validation people" in verdict.words
    assert said(verdict, "champion, mean").figures["n"] is None
    assert "300" not in str(verdict.record())


def test_tasks_of_both_are_judged_and_a_new_one_must_have_a_figure() -> None:
    targets, good = people(300, 0.5)
    _, bad = people(300, 1.5)
    assert not verdict_of(bad, good.drop("ill__p"), targets, common=("tc",)).passes
    passed = verdict_of(good, bad.drop("ill__p"), targets, common=("tc",))
    assert passed.passes
    assert list(passed.gains["tasks"]) == ["tc"]
    assert passed.words.endswith("checks passed; nothing to compare ill with")
    constant = targets.with_columns(ill=pl.lit(1.0))
    assert not verdict_of(good, bad.drop("ill__p"), constant, common=("tc",)).passes


def test_few_people_widen_the_margin_and_the_check_says_so() -> None:
    targets, good = people(60, 0.5)
    noise = np.random.default_rng(1).normal(size=(2, 60)) * 0.5
    ours, theirs = (good.with_columns(tc=targets["tc"] + each) for each in noise)
    check = said(verdict_of(ours, theirs, targets), "champion, mean")
    assert check.figures["asked"] == 0.02 < check.figures["margin"] <= 0.25
    assert "on so few people losses under" in check.words
    assert "2.0\u00a0% was asked for" in check.words


def test_floors_events_and_calibration_name_what_is_too_low() -> None:
    targets, scores = people(300, 0.5)
    settings = GateSettings(floors={"tc": {"r2": 0.99}, "ill": {"auroc": 0.6}, "gone": {"r2": 0.0}}, min_events=100)
    off = scores.with_columns(pl.col("ill__p") * 0.5)
    verdict = verdict_of(off, None, targets, settings=settings)
    assert [check.name for check in verdict.checks if check.outcome == "fail"] == ["events", "floors", "calibration"]
    assert "r2" not in said(verdict, "floors").words
    assert "of tc is 0." in said(verdict, "floors").words
    assert "of gone is undefined" in said(verdict, "floors").words
    assert "auroc" not in said(verdict, "floors").words.lower(), "it was reached"
    assert "ill has 8" in said(verdict, "events").words
    assert "ill__p is off by" in said(verdict, "calibration").words


def test_a_subgroup_that_loses_is_named_and_a_small_one_is_only_counted() -> None:
    targets, good = people(600, 0.5)
    sex = pl.Series("sex", ["f"] * 290 + ["m"] * 290 + ["x"] * 15 + ["y"] * 5)
    age = pl.Series("age", [30.0, 50.0, 70.0] * 200)
    worse = good.with_columns(
        tc=pl.when(sex == "m").then(targets["tc"] + 1.6 * (good["tc"] - targets["tc"])).otherwise(good["tc"])
    )
    groups: dict[str, tuple[float, ...]] = {"sex": (), "age": (40, 60), "none": ()}
    wide = MarginSettings(mean=0.5, task=0.5)
    settings = GateSettings(replicates=100, subgroups=groups, margins=wide, calibration=LOOSE)
    verdict = verdict_of(worse, good, targets, settings=settings, features=pl.DataFrame([sex, age]))
    outcomes = {check.name: check.outcome for check in verdict.checks[7:]}
    assert outcomes == {
        "sex, f": "pass",
        "sex, m": "fail",
        "sex, x": "not judged",
        "sex, y": "not judged",
        "age, under 40": "fail",
        "age, 40 to 60": "fail",
        "age, 60 and more": "fail",
        "subgroups of none": "fail",
    }
    assert "15 people: fewer than 50" in said(verdict, "sex, x").words
    assert "fewer than 10 people" in said(verdict, "sex, y").words


OLD = (
    Task(name="tc", kind="regression", unit="mg/dL"),
    Task(name="thal", kind="multiclass", classes=("normal", "fixed")),
    Task(name="age", kind="regression"),
    Task(name="aux", kind="binary", role="auxiliary"),
)


def test_what_changed_between_two_models_is_said() -> None:
    assert Changes.between(OLD, OLD) == Changes(common=("tc", "thal", "age"))
    assert Changes.between(OLD, ()) == Changes()
    new = (
        replace(OLD[0], unit="mmol/L"),
        replace(OLD[1], classes=("normal", "defect")),
        replace(OLD[2], unit="years"),
        Task(name="alt", kind="regression"),
    )
    changes = Changes.between(new, (*OLD, Task(name="gone", kind="binary")))
    assert changes.common == ("age",)
    assert changes.units == ("tc is in mmol/L and was in mg/dL",)
    assert changes.words == (
        "new tasks: alt",
        "no longer predicted: gone",
        "predicted otherwise than before: tc and thal",
        "the unit was or is not named: age",
    )


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (None, ["column thal is gone", "column thal__p_normal is gone", "column thal__p_fixed is gone"]),
        (replace(OLD[1], classes=("normal", "defect")), ["column thal__p_fixed is gone"]),
        (Task(name="thal", kind="regression"), ["column thal is string there and double here"]),
    ],
)
def test_scores_that_do_not_fit_into_the_published_table_are_named(
    tmp_path: Path, task: Task | None, message: list[str]
) -> None:
    table = ScoreTable(tmp_path)
    new = (OLD[0], *([task] if task else []), OLD[2])
    assert table_conflicts(table, new, Changes.between(new, OLD)) == []
    table.publish("2026-11-20", scores_of(OLD), scores_contract(OLD))
    assert table_conflicts(table, OLD, Changes.between(OLD, OLD)) == []
    found = table_conflicts(table, new, Changes.between(new, OLD))
    assert found[: len(message)] == message
    wider = (*OLD, Task(name="alt", kind="regression"))
    assert table_conflicts(table, wider, Changes.between(wider, OLD)) == []
    other_unit = (replace(OLD[0], unit="mmol/L"), *OLD[1:])
    assert table_conflicts(table, other_unit, Changes.between(other_unit, OLD)) == ["tc is in mmol/L and was in mg/dL"]


def scores_of(tasks: tuple[Task, ...]) -> pl.DataFrame:
    """One person's scores."""
    predicted = {"tc": 1.0, "thal": "normal", "thal__p_normal": 0.75, "thal__p_fixed": 0.25, "age": 50.0}
    keys = {"person_id": "a", "score_date": date(2026, 11, 20)}
    run = {"model_version": "m", "run_id": "r", "scored_at": datetime(2026, 11, 20, tzinfo=UTC), "withheld": None}
    frame = pl.DataFrame([{**keys, **predicted, **run}])
    types = {**score_columns(tasks), "scored_at": pl.Datetime("us", "UTC"), "withheld": pl.String}
    return frame.cast(types)  # type: ignore[arg-type]
