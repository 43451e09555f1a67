"""The monthly flow: tables, versions that the ledger sends readers to, and Prefect's own history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from flows.nightly.upkeep import keep_tables, named_versions
from flows.stores.dated import commit, state_of
from flows.stores.tables import ScoreTable
from flows.study.study import Study
from tests.support import ROOT


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


def test_a_date_that_the_ledger_sends_readers_back_for_stays(tmp_path: Path) -> None:
    """A run was killed after it had replaced the scores; its date is still that of the run before, years later."""
    study = Study(tmp_path, "heart", given=Study(ROOT, "heart", "block").settings)
    tables, long_ago = study.tables, datetime.now(UTC) - timedelta(days=900)

    def rows(date: str, run: str) -> tuple[pl.DataFrame, pl.DataFrame]:
        day = pl.Series("score_date", [date]).str.to_date()
        scores = pl.DataFrame({"person_id": ["a"], "score_date": day, "run_id": [run]})
        return scores, pl.DataFrame({"line": [1], "batch": [date], "run_id": [run]})

    for date, run in (("2024-01-01", "one"), ("2024-01-02", "two")):
        scores, rejects = rows(date, run)
        row = {"run_id": run, "flow": "score", "study": "heart", "batch": date, "n_scored": 1, "started_at": long_ago}
        row |= {"details": '{"n_rejects": 1}', "finished_at": long_ago}
        commit(tables, row, scores=[scores], rejects=[rejects])
    tables.scores.replace("2024-01-01", rows("2024-01-01", "killed")[0])
    assert named_versions(study, timedelta(days=400)) == {"scores": {0}}
    assert named_versions(study, timedelta(days=1000)) == {}, "within the period all versions stay"
    keep_tables(study)
    state = state_of(tables, "2024-01-01")
    assert state is not None
    assert state.scores()["run_id"].to_list() == ["one"]
