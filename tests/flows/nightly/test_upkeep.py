"""The monthly flow: tables, versions that the ledger sends readers to, and Prefect's own history."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable

from flows.nightly.upkeep import keep_tables
from flows.stores.tables import ScoreTable
from flows.study.study import Study
from tests.flows.support import run_all
from tests.support import NIGHT, ROOT, Project


def test_tables_that_are_not_there_are_said(tmp_path: Path) -> None:
    study = Study(tmp_path, "heart", given=Study(ROOT, "heart", "block").settings)
    assert set(keep_tables(study).values()) == {"nothing was written yet"}


def test_what_is_wrong_with_one_table_keeps_no_other_from_it(tmp_path: Path) -> None:
    study = Study(tmp_path, "heart", given=Study(ROOT, "heart", "block").settings)
    day = pl.Series("score_date", ["2026-11-20"]).str.to_date()
    table = ScoreTable(study.published)
    table.replace("2026-11-20", pl.DataFrame({"person_id": ["a"], "score_date": day}))
    log = study.published / "rejects" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("{no json\n")
    done = keep_tables(study)
    assert done["scores"].startswith("0 small files compacted, 0 files removed, versions 0 to ")
    assert done["rejects"].startswith("not kept up: ")
    assert "no json" not in done["rejects"]


@pytest.mark.slow
def test_the_command_keeps_a_night_and_forgets_old_runs(copy_night: Callable[[str], Project]) -> None:
    project = copy_night("upkeep")
    scores = Study(project.folder, "heart").tables.scores
    before = scores.read(NIGHT)
    database = project.folder / ".prefect" / "prefect.db"
    long_ago = (datetime.now(UTC) - timedelta(days=100)).strftime("%Y-%m-%d %H:%M:%S.%f")

    def count(table: str) -> int:
        with sqlite3.connect(database) as held:
            return int(held.execute(f"select count(*) from {table}").fetchone()[0])

    with sqlite3.connect(database) as held:
        held.execute("update flow_run set end_time = ?", (long_ago,))
    n_runs, n_artifacts = count("flow_run"), count("artifact")
    assert n_runs >= 2
    assert n_artifacts > 5
    one = ["--study", "heart"]
    (code, said, error), (tonight, *_), (latest, counts, _) = run_all(
        project, ["upkeep", *one], ["tonight", *one, "--date", NIGHT], ["latest", *one, "--to", "out/latest.parquet"]
    )
    assert (code, tonight, latest) == (0, 0, 0), error
    assert "121" in counts
    assert pl.read_parquet(project.folder / "out" / "latest.parquet").equals(before)
    assert "those of more than 90 days ago are removed" in said
    assert (count("flow_run"), count("artifact")) == (1, 1), "the run of upkeep itself"
    assert scores.read(NIGHT).equals(before)
    assert DeltaTable(str(scores.folder)).metadata().configuration["delta.logRetentionDuration"] == "interval 400 days"
