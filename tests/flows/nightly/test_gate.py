"""The gate: a model against itself, a worse one, a better one, and what nobody can judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from flows.nightly.gate import Verdict, judge
from flows.nightly.score_contract import scores_contract
from flows.nightly.task_changes import Changes, table_conflicts
from flows.project.settings import GateSettings
from flows.stores.tables import ScoreTable
from mtl_models.data.tasks import Task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.serving.scorer import score_columns

TASKS = (Task(name="tc", kind="regression", unit="mg/dL"), Task(name="ill", kind="binary"))
SETTINGS = GateSettings(replicates=200)
BOTH = ("tc", "ill")
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
) -> Verdict:
    return judge(challenger, champion, targets, tasks, SETTINGS, common=BOTH, evaluation=evaluation)


def test_a_model_is_not_worse_than_itself() -> None:
    targets, scores = people(300, 1.0)
    verdict = verdict_of(scores, scores, targets)
    assert verdict.passes
    assert [verdict.gains["mean"][key] for key in ("value", "low", "high")] == [0, 0, 0]
    assert verdict.words == (
        "mean relative gain over the champion 0.0\u00a0% [0.0, 0.0] on 300 validation people: not worse"
    )


def test_a_clearly_worse_challenger_is_stopped_and_a_better_one_passes() -> None:
    targets, good = people(300, 0.5)
    _, bad = people(300, 1.5)
    stopped = verdict_of(bad, good, targets)
    assert not stopped.passes
    assert stopped.gains["mean"]["high"] < 0
    assert "worse beyond the interval" in stopped.words
    assert verdict_of(good, bad, targets).passes


def test_gain_by_hand() -> None:
    """RMSE 1 instead of 2 is a gain of one half."""
    targets = pl.DataFrame({"tc": [0.0, 10.0, 0.0, 10.0]})
    miss = np.array([1.0, -1.0, 1.0, -1.0])
    verdict = verdict_of(
        targets + pl.DataFrame({"tc": miss}), targets + pl.DataFrame({"tc": 2 * miss}), targets, TASKS[:1]
    )
    assert [verdict.gains["tasks"]["tc"][key] for key in ("value", "low", "high")] == [0.5, 0.5, 0.5]


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
    assert f"no figure for {reason}" in verdict.words
    assert "%" not in verdict.words


def test_a_perfect_champion_is_a_leak_and_not_a_gain_of_nothing() -> None:
    targets, scores = people(300, 1.0)
    perfect = scores.with_columns(targets["tc"])
    verdict = verdict_of(scores, perfect, targets)
    assert not verdict.passes
    assert "no figure for task tc: the champion's error on validation people is 0" in verdict.words


def test_one_absurd_stay_is_no_absurd_figure() -> None:
    targets, good = people(300, 0.5)
    outlier = pl.when(pl.int_range(pl.len()) == 0).then(1e12).otherwise(pl.col("tc")).alias("tc")
    stopped = verdict_of(good.with_columns(outlier), good, targets)
    assert not stopped.passes
    assert stopped.words == (
        "mean relative gain over the champion −50.0\u00a0% [−50.0, 0.0] on 300 validation people: the error "
        "of tc at least twice as large"
    )
    assert verdict_of(good, good, targets.with_columns(outlier)).gains["mean"]["value"] == 0


def test_a_first_model_is_judged_by_whether_there_are_figures() -> None:
    targets, scores = people(300, 1.0)
    verdict = verdict_of(scores, None, targets)
    assert verdict.passes
    assert (verdict.words, verdict.gains) == ("2 tasks have a figure on 300 validation people", {})


def test_the_interval_is_as_wide_and_people_are_as_few_as_the_studys_evaluation_says() -> None:
    targets, good = people(300, 0.5)
    _, other = people(300, 0.5, seed=1)
    wide, narrow = (
        verdict_of(good, other.with_columns(tc=good["tc"] + 0.1), targets, evaluation=each)
        for each in (EVALUATION, EvaluationSettings(confidence=0.5, min_count=301))
    )
    spans = [verdict.gains["mean"]["high"] - verdict.gains["mean"]["low"] for verdict in (wide, narrow)]
    assert 0 < spans[1] < 0.6 * spans[0]
    assert "on 300 validation people" in wide.words
    assert "on fewer than 301 validation people" in narrow.words


def test_tasks_of_both_are_judged_and_a_new_one_must_have_a_figure() -> None:
    targets, good = people(300, 0.5)
    _, bad = people(300, 1.5)
    one: dict[str, Any] = {"common": ("tc",), "evaluation": EVALUATION}
    assert not judge(bad, good.drop("ill__p"), targets, TASKS, SETTINGS, **one).passes
    passed = judge(good, bad.drop("ill__p"), targets, TASKS, SETTINGS, **one)
    assert passed.passes
    assert list(passed.gains["tasks"]) == ["tc"]
    assert passed.words.endswith("not worse; nothing to compare ill with")
    constant = targets.with_columns(ill=pl.lit(1.0))
    assert not judge(good, bad.drop("ill__p"), constant, TASKS, SETTINGS, **one).passes


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
