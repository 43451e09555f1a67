"""A night lands what its drop brought: outcomes too, which reach no score, and whatever the shards."""

from __future__ import annotations

import shutil

import polars as pl
import pytest

from flows.nightly import steps
from flows.nightly.run import open_run
from flows.project.settings import ShardSettings
from flows.study.study import Study
from tests.flows.support import drop_of
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


def test_outcomes_in_a_drop_land_and_reach_no_score(nightly: Project) -> None:
    study, date = Study(nightly.folder, "heart"), "2026-05-01"
    drop = drop_of(nightly, date)
    people = pl.read_csv(drop / "cleveland.csv", infer_schema=False)
    raw = pl.read_csv(study.paths.raw / "cleveland.csv", infer_schema=False)
    people.join(raw.select("id", "thal", "target"), on="id", how="left").write_csv(drop / "cleveland.csv")
    landed = []
    for parting in (ShardSettings(), ShardSettings(people=17, at_once_mb=0)):
        run = open_run(study, date)
        steps.work_through_all(run, parting)
        row = steps.publish(run)
        shutil.rmtree(run.staging)
        landed.append(study.tables.landed.read(date).sort("person_id"))
        assert landed[-1].height == row["n_rows_valid"]
    assert landed[0].equals(landed[1])
    assert landed[0]["columns"].str.contains('"target"').all()
    for name in ("landed", "landings"):
        getattr(study.tables, name).remove(date)
    columns = ["person_id", "disease__p", "thal__p_normal"]
    assert study.tables.scores.read(date).select(columns).equals(study.tables.scores.read(NIGHT).select(columns))
    shutil.rmtree(drop)
