"""A real night is watched when it is scored; a shift is in alarm after two, and outcomes that came are judged."""

from __future__ import annotations

import datetime as dt
import re
import shutil

import polars as pl
import pytest

from flows.nightly import steps
from flows.nightly.landing.alone import land_alone
from flows.nightly.run import open_run
from flows.nightly.watch.night import kept
from flows.nightly.watch.records import NOT_JUDGED
from flows.nightly.watch.telling import watch_run
from flows.study.study import Study
from tests.flows.support import run_all, table
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow
SHIFTED, LANDED, LATER = "2026-04-11", "2026-05-11", "2026-05-12"


def test_nights_are_watched_and_a_shift_is_in_alarm_after_two(nightly: Project) -> None:
    study = Study(nightly.folder, "heart")
    held = table(nightly, "watched").filter(pl.col("score_date") == dt.date.fromisoformat(NIGHT))
    assert set(held["area"]) >= {"tables", "inputs", "scores"}
    assert set(held.filter(pl.col("state") != NOT_JUDGED)["area"]) >= {"inputs", "scores"}  # of tables it is the first
    assert held.filter(pl.col("area") == "inputs")["n"].max() == held.filter(pl.col("measure") == "rows")["n"][0]
    calm = kept(study, NIGHT)
    assert calm is not None
    assert not [alarm for alarm in calm.alarms if alarm.record.area in ("tables", "inputs")]  # scores: others' models
    raw = pl.read_csv(study.paths.raw / "cleveland.csv", infer_schema=False)
    people = {
        date: raw.with_columns(pl.format("{}{}", pl.lit(first), pl.col("id").str.zfill(3)).alias("id"))
        for date, first in ((SHIFTED, "7"), (LATER, "8"))
    }
    lower = (pl.col("chol").cast(pl.Float64) * 0.6).round(0).cast(pl.Int64).cast(pl.String)
    for date, frame in people.items():
        drop = study.inbox / date
        drop.mkdir()
        frame.drop("thal", "target").with_columns(lower).write_csv(drop / "cleveland.csv")
        if date == LATER:
            (study.inbox / LANDED).mkdir()
            people[SHIFTED].write_csv(study.inbox / LANDED / "cleveland.csv")
            land_alone(study, LANDED)
        run = open_run(study, date)
        steps.work_through_all(run)
        steps.publish(run)
        night = watch_run(run)
        shutil.rmtree(run.staging)
    assert [alarm.record.name for alarm in night.alarms if alarm.record.area == "inputs"] == ["laboratory"]
    came = {each.part: each for each in night.records if (each.area, each.name) == ("performance", "disease")}
    assert (came["2026-04"].n, came["2026-05"].n) == (raw.height, 0)
    assert (came["2026-04"].low or 1) < (came["2026-04"].value or 0) < (came["2026-04"].high or 0)
    alarm, again = run_all(
        nightly, ["watch", "heart", "--date", LATER, "--fail-on-alarm"], ["watch", "heart", "--date", LATER, "--again"]
    )
    assert (alarm[0], again[0]) == (3, 0)
    assert "laboratory__chol is the farthest" in alarm[1]
    page = (study.paths.watch / f"{LATER}.html").read_text()
    assert "What is in alarm" in page
    assert not set(re.findall(r"(?<![\w.])\d+(?![\w.])", page)) & set(people[LATER]["id"])
    shifted = study.tables.watched.read(LATER).filter(pl.col("area") == "inputs")
    assert shifted.height == held.filter(pl.col("area") == "inputs").height
    for date in (SHIFTED, LATER, LANDED):
        for name in ("scores", "rejects", "landed", "landings", "watched"):
            getattr(study.tables, name).remove(date)
        shutil.rmtree(study.inbox / date)
