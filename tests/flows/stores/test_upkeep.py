"""Upkeep leaves every version of the audit period as it was, and removes what only older ones need."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from flows.stores.delta import PartitionedTable
from flows.stores.tables import RunLedger
from flows.stores.upkeep import keep_up
from tests.flows.stores.test_ledger import run_row

DAY = 86_400
N = 33


def grow_older(table: Path, days: float, known: set[Path]) -> set[Path]:
    """Let what was written since ``known`` be some days old, by the log's own words and by the files' times."""
    moment = time.time() - days * DAY
    new = {file for file in table.rglob("*") if file.is_file()} - known
    for file in new:
        if file.suffix == ".json":
            lines = [json.loads(line) for line in file.read_text().splitlines()]
            for line in lines:
                for action, key in (
                    ("commitInfo", "timestamp"),
                    ("add", "modificationTime"),
                    ("remove", "deletionTimestamp"),
                ):
                    if action in line:
                        line[action][key] = int(moment * 1000)
            file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
        os.utime(file, (moment, moment))
    return known | new


@pytest.fixture(scope="module")
def old_table(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """A table of three dates that is written once a day for 33 days; to be copied."""
    import shutil

    made = tmp_path_factory.mktemp("made") / "scores"
    table, known = PartitionedTable(made, "score_date"), set[Path]()
    for number in range(N):
        day = date(2026, 1, 1 + number % 3)
        table.replace(day.isoformat(), pl.DataFrame({"score_date": [day], "number": [number]}))
        known = grow_older(made, N - number, known)

    def copy(folder: Path) -> Path:
        shutil.copytree(made, folder / "a b" / "scores", copy_function=shutil.copy2)
        return folder / "a b" / "scores"

    return copy


def readable(folder: Path) -> dict[int, list[int]]:
    """The rows of every version that can be read."""
    found = {}
    for version in range(DeltaTable(str(folder)).version() + 1):
        try:
            found[version] = sorted(DeltaTable(str(folder), version=version).to_pyarrow_table()["number"].to_pylist())
        except (DeltaError, OSError):
            continue
    return found


def test_versions_of_the_period_stay_and_older_ones_go(tmp_path: Path, old_table: Callable[[Path], Path]) -> None:
    folder = old_table(tmp_path)
    before = readable(folder)
    assert sorted(before) == list(range(N))
    held = DeltaTable(str(folder), version=N - 9)  # a reader who opened it before
    done = keep_up(folder, timedelta(days=10), named=[5, 999])
    assert done is not None
    first = N - 10  # the version that was current ten days ago: written then
    after = readable(folder)
    assert sorted(after)[:2] == [5, first]
    assert (done.first, done.compacted) == (5, 0)
    assert all(after[version] == rows for version, rows in before.items() if version in after)
    assert set(range(first, N)) <= set(after)
    assert sorted(held.to_pyarrow_table()["number"].to_pylist()) == before[N - 9]
    assert len(list(folder.glob("score_date=*/*.parquet"))) == N - done.removed
    again = keep_up(folder, timedelta(days=10))
    assert again is not None
    assert (again.first, again.removed) == (first, 3)  # what version 5 alone needed
    assert not (folder / "_delta_log" / f"{0:020}.json").exists()
    assert "can be read" in again.words


def test_a_night_at_work_loses_nothing(tmp_path: Path, old_table: Callable[[Path], Path]) -> None:
    """A file that is written and not yet committed is younger than the period."""
    folder = old_table(tmp_path)
    partial = folder / "score_date=2026-01-01" / "part-00000-of-a-night.parquet"
    partial.write_bytes(b"half")
    keep_up(folder, timedelta(days=10))
    assert partial.read_bytes() == b"half"


def test_a_young_table_and_none(tmp_path: Path) -> None:
    assert keep_up(tmp_path / "none", timedelta(days=10)) is None
    table = PartitionedTable(tmp_path / "scores", "score_date")
    for number in range(3):
        table.replace("2026-01-01", pl.DataFrame({"score_date": [date(2026, 1, 1)], "number": [number]}))
    done = table.keep_up(timedelta(days=10))
    assert done is not None
    assert (done.removed, done.first) == (0, 0)
    assert [rows for _, rows in sorted(readable(table.folder).items())][:3] == [[0], [1], [2]]


def test_an_old_table_without_a_word_on_its_log_is_given_one(tmp_path: Path) -> None:
    write_deltalake(str(tmp_path / "t"), pl.DataFrame({"number": [1]}))
    keep_up(tmp_path / "t", timedelta(days=50))
    held = DeltaTable(str(tmp_path / "t")).metadata().configuration
    assert held["delta.logRetentionDuration"] == "interval 50 days"
    assert held["delta.enableExpiredLogCleanup"] == "false"
    version = DeltaTable(str(tmp_path / "t")).version()
    keep_up(tmp_path / "t", timedelta(days=50))
    assert DeltaTable(str(tmp_path / "t")).version() == version


def test_small_files_of_the_ledger_become_one(tmp_path: Path) -> None:
    ledger = RunLedger(tmp_path)
    for number in range(5):
        ledger.publish(run_row(f"r{number}", n_scored=number))
    rows = ledger.read().sort("run_id")
    done = ledger.store.keep_up(timedelta(days=10))  # type: ignore[attr-defined]
    assert done.compacted == 5
    assert len(DeltaTable(str(ledger.folder)).file_uris()) == 1
    assert ledger.read().sort("run_id").equals(rows)


def test_a_new_table_keeps_its_log_by_itself(tmp_path: Path, old_table: Callable[[Path], Path]) -> None:
    """Whatever its age, no write cuts it: version 0 could still be read above."""
    held = DeltaTable(str(old_table(tmp_path))).metadata().configuration
    assert held == {"delta.logRetentionDuration": "interval 400 days", "delta.enableExpiredLogCleanup": "false"}
