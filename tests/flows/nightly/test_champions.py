"""Which model was the champion when; one put in its place by hand, and its dates scored again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
import polars as pl
import pytest
from onnx import TensorProto, numpy_helper

from flows.nightly.champions import ROLLED_BACK, before, champion_on, left_behind
from flows.study.study import Study
from tests.flows.support import REMOVE, drop_of, run_all
from tests.support import NIGHT, Project


def promotions(*versions: str) -> pl.DataFrame:
    """A promotion a day at noon; a version in brackets is rolled back to."""
    names = [version.strip("()") for version in versions]
    return pl.DataFrame(
        {
            "model_version": names,
            "promoted_at": [datetime(2026, 11, 1 + day, 12, tzinfo=UTC) for day in range(len(names))],
            "reason": [f"{ROLLED_BACK}: worse" if "(" in version else "not worse" for version in versions],
            "replaced": [None, *names[:-1]],
            "gate": ["{}"] * len(names),
        },
        schema_overrides={"replaced": pl.String},
    )


@pytest.mark.parametrize(
    ("versions", "version"),
    [
        (["a"], None),
        (["a", "b"], "a"),
        (["a", "b", "(a)"], None),
        (["a", "b", "c", "(b)"], "a"),
        (["a", "b", "c", "(b)", "(a)"], None),
        (["a", "b", "(a)", "c"], "a"),
        (["a", "b", "(a)", "b"], "a"),
    ],
)
def test_the_one_before_is_the_one_that_a_rollback_left_standing(versions: list[str], version: str | None) -> None:
    assert before(promotions(*versions)) == version


def test_a_version_is_left_behind_until_it_is_promoted_again() -> None:
    assert left_behind(promotions("a", "b"), "b") is None
    assert left_behind(promotions("a", "b"), "a") is None, "a better one came: that is no rollback"
    assert left_behind(promotions("a", "b", "(a)"), "b") == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert left_behind(promotions("a", "b", "(a)", "c"), "b") == datetime(2026, 11, 3, 12, tzinfo=UTC)
    assert left_behind(promotions("a", "b", "(a)", "b"), "b") is None


def test_the_champion_of_a_day_is_that_of_its_end_in_the_study_s_time_zone() -> None:
    rows = promotions("a", "b")  # the second on the 2nd at noon UTC
    found = [champion_on(rows, f"2026-11-0{day}", "UTC") for day in (1, 2, 3)]
    assert [row["model_version"] if row else None for row in found] == ["a", "b", "b"]
    assert champion_on(rows, "2026-10-31", "UTC") is None
    late = champion_on(
        rows, "2026-11-01", "Pacific/Kiritimati"
    )  # there it is the 2nd already, two hours after midnight
    assert late is None
    with pytest.raises(ValueError, match="is not a date"):
        champion_on(rows, "yesterday", "UTC")


@pytest.mark.slow
def test_a_rollback_scores_its_dates_again_and_stays(copy_night: Callable[[str], Project], tmp_path: Path) -> None:
    project, other = copy_night("rollback"), "2026-04-05"
    study = Study(project.folder, "heart")
    registry, tables = study.registry, study.tables
    first = registry.require_champion("heart").version
    second = registry.register(other_model(study, tmp_path), [], {"params_hash": "p"})
    drop, today = drop_of(project, other), datetime.now(UTC).date().isoformat()
    by_first, because = tables.scores.read(NIGHT), ["--study", "heart", "--because"]
    person = by_first["person_id"][0]
    refused, wrong, promoted, *by_second, _, back, history, now, early, kept, anew, nobody = run_all(
        project,
        ["rollback", *because, "x"],
        ["promote", "zz", *because, "x"],
        ["promote", second[:12], *because, "a trial"],
        *(["score", "--study", "heart", "--date", date] for date in (other, NIGHT)),
        [REMOVE, str(drop)],  # without a drop its scores stay
        ["rollback", *because, "too high", "--score-again"],
        ["history", "--study", "heart"],
        ["champion", "--study", "heart", "--date", today],
        ["champion", "--study", "heart", "--date", "2020-01-01"],
        *(["explain-score", person, "--study", "heart", "--date", date] for date in (other, NIGHT)),
        ["explain-score", "nobody", "--study", "heart", "--date", NIGHT],
    )
    assert "heart has had one champion only: there is none before it" in refused[2]
    assert "no version in the registry begins with 'zz': `mtl-health history" in wrong[2]
    assert f"their scores stand as they were: {NIGHT}" in promoted[1]
    assert all(second[:12] in out for _, out, _ in by_second)
    assert back[0] == 1
    assert "scored again: 1 of 2 dates" in back[1]
    assert f"{other} was not: no drop for {other}" in back[1]
    assert "1 dates have the scores of the model before" in back[2]
    assert registry.require_champion("heart").version == first
    assert tables.scores.read(NIGHT).drop("run_id", "scored_at").equals(by_first.drop("run_id", "scored_at"))
    assert tables.scores.read(other)["model_version"].unique().to_list() == [second]
    assert history[1].count("record of ") == 3, "of the first champion, of the one by hand, of the rollback"
    (page,) = registry.version_folder(second).glob("changes/*.html")
    assert "by hand: a trial" in page.read_text()
    assert "The gate was not asked" in page.read_text()
    assert history[1].index("by hand: a trial") < history[1].index("rolled back by hand: too high")
    assert first in now[1]
    assert "heart had no champion on 2020-01-01" in early[2]
    assert second in kept[1]
    assert "by hand: a trial" in kept[1]
    assert first in anew[1]
    assert second not in anew[1]
    assert "has no row of this person" in nobody[2]
    assert "nobody" not in nobody[2]

    from flows.nightly.promotion import promote

    again = promote(study, second)
    assert not again.promoted
    assert again.stands
    assert again.reason.startswith("not promoted: it was rolled back on")


def other_model(study: Study, folder: Path) -> Path:
    """The study's exported network with slightly other weights."""
    model = onnx.load(study.paths.models / "model.onnx")
    weights = [each for each in model.graph.initializer if len(each.dims) == 2 and each.data_type == TensorProto.FLOAT]
    assert weights
    for each in weights:
        each.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(each) * np.float32(1.01), each.name))
    file = folder / "other.onnx"
    onnx.save(model, file)
    return file
