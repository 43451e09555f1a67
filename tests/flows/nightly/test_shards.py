"""A night by shards of people, in several processes, publishes what a night at once does."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from flows.features.guard import FeatureError
from flows.nightly import steps, stopped
from flows.nightly.looked import validate_folder
from flows.nightly.run import open_run
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import ShardSettings
from flows.study.study import Study
from tests.flows.support import drop_of, table
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


def spoil(rows: list[list[str]]) -> None:
    """Rows out of order, keys and cells of many kinds, a row with a field too few."""
    rows[2][0], rows[9][1], rows[20][4], rows[33][3] = "abc", "", "unknown", "24,85"
    rows[40], rows[90] = rows[90], rows[40]
    del rows[60][-1]


def night_of(
    study: Study, date: str, parting: ShardSettings, machines: MachineSettings = SERIAL
) -> tuple[dict[str, Any], pl.DataFrame, pl.DataFrame]:
    """The ledger's row of a night, its scores and its rejects."""
    run = open_run(study, date)
    steps.work_through_all(run, parting, machines)
    row = steps.publish(run)
    shutil.rmtree(run.staging)
    tables = study.tables
    scores, rejects = tables.scores.read(date).drop("scored_at"), tables.rejects.read(date)
    return {name: row[name] for name in row if name.startswith("n_") or name == "details"}, scores, rejects


def test_shards_and_processes_make_no_difference(nightly: Project) -> None:
    study, date = Study(nightly.folder, "heart"), "2026-04-01"
    drop = drop_of(nightly, date)
    file = drop / "cleveland.csv"
    with file.open(newline="") as opened:
        header, *rows = csv.reader(opened)
    spoil(rows)
    with file.open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])
    once = night_of(study, date, ShardSettings())
    before = table(nightly, "runs").height
    for parting, machines in (
        (ShardSettings(people=17, at_once_mb=0), SERIAL),
        (ShardSettings(people=50, at_once_mb=0), MachineSettings(kind="processes", workers=2)),
    ):
        row, scores, rejects = night_of(study, date, parting, machines)
        assert row == once[0]
        assert_frame_equal(scores, once[1])
        assert_frame_equal(rejects, once[2])
    assert table(nightly, "runs").height == before
    assert once[0]["n_people"] == len(rows)
    assert once[0]["n_rejected"] >= 2
    shutil.rmtree(drop)


def test_a_night_with_nobody_in_the_cohort_is_said(nightly: Project) -> None:
    """Each shard may be empty, all of them may not: an empty table would look like a night without people."""
    study, date = Study(nightly.folder, "heart"), "2026-04-02"
    drop = drop_of(nightly, date)
    rows = pl.read_csv(drop / "cleveland.csv", infer_schema=False)
    rows.with_columns(age=pl.lit(None, pl.String)).write_csv(drop / "cleveland.csv")
    for parting in (ShardSettings(), ShardSettings(people=50, at_once_mb=0)):
        run = open_run(study, date)
        steps.work_through_all(run, parting)
        with pytest.raises(FeatureError, match="nobody is in the cohort"):
            steps.publish(run)
        shutil.rmtree(run.staging)
    assert study.tables.scores.read(date).is_empty()
    shutil.rmtree(drop)


def test_of_a_drop_that_is_stopped_no_more_rejects_are_kept_than_are_set(nightly: Project) -> None:
    date, given = "2026-04-03", Study(nightly.folder, "heart").settings
    drop = drop_of(nightly, date)
    rows = pl.read_csv(drop / "cleveland.csv", infer_schema=False).with_row_index("row")
    spoilt = pl.when(pl.col("row") % 3 == 0).then(pl.lit("x")).otherwise("id").alias("id")  # no key
    rows.with_columns(spoilt).drop("row").write_csv(drop / "cleveland.csv")
    n_spoilt = -(-rows.height // 3)
    for people in (50, 10_000):
        parting = ShardSettings(people=people, at_once_mb=0, kept_rejects=7)
        study = Study(nightly.folder, "heart", given=given.model_copy(update={"shards": parting}))
        run = open_run(study, date)
        steps.work_through_all(run, parting)
        gathered = steps.Gathered(run)
        assert gathered.judgement().stops
        said = stopped.keep(run, gathered, gathered.judgement().lines())
        assert f"({n_spoilt - 7} more of cleveland are not: shards.kept_rejects is 7 a table)" in said
        kept = study.tables.rejects.read(f"{date}-stopped").sort("line")
        assert kept["line"].to_list() == [2 + 3 * place for place in range(7)]
        stopped.clear(study, date)
        shutil.rmtree(run.staging)
    shutil.rmtree(drop)


def test_a_folder_is_validated_by_shards_as_at_once(nightly: Project, tmp_path: Path) -> None:
    folder, given = tmp_path / "tables", Study(nightly.folder, "heart").settings
    shutil.copytree(nightly.folder / "data" / "inbox" / "heart" / NIGHT, folder)
    with (folder / "cleveland.csv").open(newline="") as opened:
        header, *rows = csv.reader(opened)
    spoil(rows)
    with (folder / "cleveland.csv").open("w", newline="") as opened:
        csv.writer(opened, lineterminator="\n").writerows([header, *rows])
    found = []
    for people, small in ((17, 0), (50_000, 64)):
        parting = ShardSettings(people=people, at_once_mb=small)
        study = Study(nightly.folder, "heart", given=given.model_copy(update={"shards": parting}))
        file = tmp_path / f"{people}.parquet"
        summary = validate_folder(study, folder, scoring=True, rejects=file)
        found.append((summary, pl.read_parquet(file).sort("table", "line")))
    assert found[0][0] == found[1][0]
    assert_frame_equal(found[0][1], found[1][1])
    assert found[0][1].height >= 2
    assert not list((nightly.folder / "data" / "staging" / "heart").glob("validate*"))
