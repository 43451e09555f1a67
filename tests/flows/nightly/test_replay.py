"""Nights of a study's own people: what has landed in the end is what the study's raw tables say."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from flows.nightly.landing.export import export_landed
from flows.nightly.landing.outcomes import landed_outcomes
from flows.nightly.replay.drops import Drops
from flows.nightly.replay.nights import play
from flows.nightly.replay.page import replay_page
from flows.nightly.replay.place import arrivals, make_place
from flows.project.settings import ReplaySettings
from flows.stages import features, intake, validate
from flows.stores.valid import read_newcomers, read_valid
from flows.study.study import Study
from tests.support import Project

REPLAY = ReplaySettings(nights=6, people=8, delay=2, corrections=2, corrected_after=1, broken=3, retrain_every=3)


@pytest.mark.slow
def test_after_many_nights_training_knows_what_the_raw_tables_say(nightly: Project, tmp_path: Path) -> None:
    """People, late outcomes, corrections and a broken night; the champion is the one of the night before."""
    study = Study(nightly.folder, "heart")
    nights = arrivals(study, REPLAY)
    place = make_place(study, REPLAY, nights, tmp_path / "place")
    for folder in ("data/registry/heart", "data/tables/heart/champions", "data/settings/heart"):
        shutil.copytree(nightly.folder / folder, place.root / folder)
    began = validate.validate(place, place.paths.raw, place.paths.valid)["tables"]["cleveland"]["n_rows"]
    records = list(play(place, Drops(study, REPLAY, nights), train=None))
    assert [record["date"][-2:] for record in records] == ["01", "02", "03", "03", "04", "05", "06"]
    assert [bool(record["error"]) for record in records] == [False, False, True, False, False, False, False]
    last = records[-1]["date"]
    assert export_landed(place, last)["newcomers"] == 48
    intake.run(place)
    validate.run(place)
    summary = features.run(place)
    assert summary["n_cohort"] == began + 48
    known, truth = (read_valid("heart", each.paths.valid)["cleveland"].sort("id") for each in (place, study))
    waiting = pl.col("id").is_in(pl.concat(nights[-2:]).implode())
    assert known.filter(~waiting).equals(truth.filter(~waiting))
    assert known.filter(waiting).select("thal", "target").null_count().row(0) == (16, 16)
    newcomers, splits = read_newcomers(place.paths.intake), pl.read_parquet(place.paths.features / "splits.parquet")
    assert newcomers is not None
    assert set(newcomers["person_id"]) == set(pl.concat(nights))
    assert splits.height == began + 48
    outcomes = landed_outcomes(place, last, people=nights[0])
    delays = outcomes["disease__came_on"].drop_nulls().unique().cast(pl.String).to_list()
    assert delays == [records[2]["date"]]


def test_more_nights_than_there_are_people_are_refused(root: Path) -> None:
    with pytest.raises(ValueError, match="more than four fifths"):
        arrivals(Study(root, "heart"), ReplaySettings(nights=40, people=10))


def test_the_page_shows_trainings_nights_and_what_failed() -> None:
    figure = {"metric": "auroc", "value": 0.8, "low": 0.7, "high": 0.9, "n": 50}
    trained = [
        {
            "night": night, "date": "2026-01-02", "landed": {"newcomers": 8 * night},
            "parts": {"train": 90, "valid": 30},
            "n_labelled": {"disease": 100}, "figures": {"disease": figure}, "version": "0123456789ab",
            "promoted": night == 0, "reason": "worse beyond the margin",
        }
        for night in (0, 2)
    ]  # fmt: skip
    scored = [
        {"night": 1, "date": "2026-01-01", "again": False, "error": "cleveland.csv is cut off", "champion": "0123"},
        {
            "night": 2, "date": "2026-01-01", "again": True, "error": "", "champion": "0123",
            "n_scored": 8, "n_rejected": 0, "n_rows": 8, "n_late": 0,
        },
    ]  # fmt: skip
    found = {"study": "heart", "settings": REPLAY.model_dump(mode="json"), "trained": trained, "scored": scored}
    page = replay_page("Heart", found)
    assert page == replay_page("Heart", found)
    for words in ("cleveland.csv is cut off", "mended and scored a night later", "no: worse beyond the margin"):
        assert words in page
    assert page.count("<svg") == 5
    nothing = {**found, "trained": [{**trained[1], "promoted": False}], "scored": scored[:1]}
    assert "no: worse beyond the margin" in replay_page("Heart", nothing)  # no champion, and no night
