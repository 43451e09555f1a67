"""A night as those who read its tables meet it: persons by hashes, tables kept up, the newest scores in a file."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from flows.nightly import steps
from flows.nightly.again import settled
from flows.nightly.explained import explained
from flows.nightly.run import open_run
from flows.project.settings import ShardSettings
from flows.study.study import Study
from tests.flows.nightly.test_person_keys import SECRET, VARIABLE, by_hand
from tests.flows.support import drop_of, run_all
from tests.support import NIGHT, Project

DATE = "2026-05-01"
RUN = ("score_date", "run_id", "scored_at")
pytestmark = pytest.mark.slow


def count(project: Project, table: str) -> int:
    """Rows of a table of Prefect's database."""
    with sqlite3.connect(project.folder / ".prefect" / "prefect.db") as held:
        return int(held.execute(f"select count(*) from {table}").fetchone()[0])


def with_hashes(project: Project) -> None:
    """Let the study publish persons by their hashes, and all runs so far have ended long ago."""
    params = project.folder / "params.yaml"
    block = f"\n  heart:\n    published: {{person_key: hashed, secret: {{environment: {VARIABLE}}}}}\n"
    params.write_text(params.read_text().replace("\n  heart:\n", block))
    long_ago = (datetime.now(UTC) - timedelta(days=100)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with sqlite3.connect(project.folder / ".prefect" / "prefect.db") as held:
        held.execute("update flow_run set end_time = ?", (long_ago,))


def spoilt_drop(project: Project) -> tuple[str, str]:
    """A drop with one row that is rejected; the keys of a person who is scored and of the other."""
    table = drop_of(project, DATE) / "cleveland.csv"
    rows = table.read_text().splitlines(keepends=True)
    person, rejected = rows[5].split(",")[0], rows[9].split(",")[0]
    rows[9] = f"{rejected},nobody,{rows[9].split(',', 2)[2]}"
    table.write_text("".join(rows))
    return person, rejected


def test_a_night_by_hashes(copy_night: Callable[[str], Project], monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores and rejects; by shards as at once; explained to whoever has the key; kept up; the newest of each."""
    project = copy_night("readers")
    plain = Study(project.folder, "heart").tables.scores.read(NIGHT)
    with_hashes(project)
    person, rejected = spoilt_drop(project)
    score = ["score", "--study", "heart", "--date", DATE]
    explain = ["explain-score", person, "--study", "heart", "--date", DATE]
    for code, _, error in run_all(project, score, explain):
        assert code == 1
        assert f"the variable {VARIABLE} is not there" in error
    project.environment[VARIABLE] = SECRET
    monkeypatch.setenv(VARIABLE, SECRET)
    assert count(project, "flow_run") >= 2
    said = run_all(
        project,
        score,
        score,
        explain,
        [explain[0], rejected, *explain[2:]],
        [*explain[:-1], NIGHT],
        ["upkeep", "--study", "heart"],
        ["latest", "--study", "heart", "--to", "out/latest.parquet"],
    )
    assert [code for code, _, _ in said] == [0] * 7, said
    assert "nothing had changed" in said[1][1]
    assert [each[1].split("outcome")[1].split()[0] for each in said[2:5]] == ["scored", "rejected", "scored"]
    assert "those of more than 90 days ago are removed" in said[5][1]
    assert count(project, "flow_run") == 2, "this night's, and the run of upkeep itself"

    study = Study(project.folder, "heart")
    scores, rejects = study.tables.scores.read(DATE), study.tables.rejects.read(DATE)
    expected = plain.with_columns(pl.col("person_id").map_elements(by_hand, return_dtype=pl.String))
    expected = expected.filter(pl.col("person_id") != by_hand(rejected)).sort("person_id")
    assert_frame_equal(scores.drop(RUN), expected.drop(RUN))
    assert rejects["person_id"].to_list() == [by_hand(rejected)]
    assert study.tables.scores.read(NIGHT).equals(plain), "dates of before stay as they are"
    newest = pl.read_parquet(project.folder / "out" / "latest.parquet")
    assert_frame_equal(newest, pl.concat([plain, scores]).sort("person_id"))
    held = DeltaTable(str(study.tables.scores.folder)).metadata().configuration
    assert held["delta.logRetentionDuration"] == "interval 400 days"

    run = open_run(study, DATE)
    assert settled(run)
    steps.work_through_all(run, ShardSettings(people=17, at_once_mb=0))
    steps.publish(run)
    shutil.rmtree(run.staging)
    assert_frame_equal(study.tables.scores.read(DATE).drop("scored_at"), scores.drop("scored_at"))
    monkeypatch.setenv(VARIABLE, SECRET[::-1])
    assert open_run(study, DATE).run_id != run.run_id, "another key, other names: the date is scored anew"
    with pytest.raises(ValueError, match="has no row of this person"):
        explained(study, person, DATE)
