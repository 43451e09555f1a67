"""The ledger keeps one row a run in few files, whoever writes it, and takes over what older versions wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError

from flows.stores.delta import PartitionedTable
from flows.stores.delta_files import read_delta
from flows.stores.tables import RunLedger
from flows.stores.tidy import LOG_RETENTION, MAX_FILES, log_retention

WRITER = """
import sys; from datetime import UTC, datetime; from pathlib import Path; from flows.stores.tables import RunLedger
ledger, name, turns = RunLedger(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
for turn in range(turns):
    for run_id in ("both", f"{name}{turn}"):
        ledger.publish({"run_id": run_id, "flow": "score", "study": "s", "batch": "2026-11-20",
                        "n_scored": turn, "started_at": datetime.now(UTC)})
"""


def run_row(run_id: str, **values: Any) -> dict[str, Any]:
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    return {"run_id": run_id, "flow": "score", "study": "s", "batch": "2026-11-20", "started_at": moment, **values}


def writer(folder: Path, name: str, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), name, str(turns)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def old_ledger(folder: Path, runs: int) -> pl.DataFrame:
    """A ledger as older versions wrote it, a partition a run, and its rows."""
    made = RunLedger(folder.with_name("made"))
    for number in range(runs):
        made.publish(run_row(f"{number:016x}", n_scored=number))
    rows = made.read().sort("run_id")
    old = PartitionedTable(folder / "runs", "run_id")
    for number in range(runs):
        old.replace(f"{number:016x}", rows.slice(number, 1))
    assert DeltaTable(str(old.folder)).metadata().partition_columns == ["run_id"]
    return rows


def test_many_runs_are_few_files_and_every_row_is_found(tmp_path: Path) -> None:
    ledger = RunLedger(tmp_path)
    names = [f"{number * 7919 % 10007:016x}" for number in range(MAX_FILES + 3)]
    for number, name in enumerate(names):
        ledger.publish(run_row(name, n_scored=number))
    assert len(DeltaTable(str(ledger.folder)).file_uris()) < 4
    ledger.publish(run_row(names[1], n_scored=99))  # once it is gathered, too, a run replaces its own row
    assert sorted(ledger.read()["run_id"]) == sorted(names)
    assert [(ledger.find(name) or {})["n_scored"] for name in names[:3]] == [0, 99, 2]
    assert ledger.find("0" * 15 + "g") is None


def test_an_old_ledger_is_read_and_moved_on_without_loss(tmp_path: Path) -> None:
    rows = old_ledger(tmp_path / "a b", 4)
    ledger = RunLedger(tmp_path / "a b")
    assert ledger.read().sort("run_id").equals(rows)
    assert (ledger.find(f"{2:016x}") or {})["n_scored"] == 2
    version = DeltaTable(str(ledger.folder)).version()
    ledger.publish(run_row("new", n_scored=7))
    ledger.publish(run_row(f"{1:016x}", n_scored=8))
    found = ledger.read().sort("run_id")
    assert found["n_scored"].to_list() == [0, 8, 2, 3, 7]
    assert found.columns == rows.columns
    table = DeltaTable(str(ledger.folder))
    assert table.metadata().partition_columns == []
    assert pl.DataFrame(table.to_pyarrow_table()).sort("run_id").equals(found)  # by another tool
    assert read_delta(ledger.folder, version=version).sort("run_id").equals(rows)


def test_two_processes_that_publish_at_once_leave_one_row_a_run(tmp_path: Path) -> None:
    old_ledger(tmp_path / "t", 2)
    writers = [writer(tmp_path / "t", name, 5) for name in ("a", "b")]
    for each in writers:
        each.communicate()
    assert [each.returncode for each in writers] == [0, 0]
    expected = ["both", *(f"{name}{turn}" for name in "ab" for turn in range(5)), *(f"{n:016x}" for n in range(2))]
    assert sorted(RunLedger(tmp_path / "t").read()["run_id"]) == sorted(expected)


@pytest.mark.parametrize("delay", [0.05, 0.3])
def test_a_killed_writer_leaves_one_row_a_run_and_no_lock(tmp_path: Path, delay: float) -> None:
    rows = old_ledger(tmp_path / "t", 2)
    process = writer(tmp_path / "t", "a", 1000)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    ledger = RunLedger(tmp_path / "t")
    ledger.publish(run_row("both", n_scored=5000))
    left = ledger.read()
    assert left["run_id"].is_unique().all()
    assert set(rows["run_id"]) <= set(left["run_id"])
    assert left.filter(pl.col("run_id") == "both")["n_scored"].to_list() == [5000]


def test_another_writer_is_noticed_without_the_lock(tmp_path: Path) -> None:
    """Delta's own check of conflicts stands behind the lock: what a row would replace did not change meanwhile."""
    ledger = RunLedger(tmp_path)
    ledger.publish(run_row("a"))
    stale = DeltaTable(str(ledger.folder))
    ledger.publish(run_row("b", n_scored=1))
    later = ledger.read("b").with_columns(n_scored=pl.lit(2, pl.Int64))
    with pytest.raises(CommitFailedError):
        write_deltalake(stale, later, mode="overwrite", predicate="run_id = 'b'")
    assert ledger.read("b")["n_scored"].to_list() == [1]


@pytest.mark.parametrize(("retention", "gone"), [("interval 0 hours", True), ("interval 400 days", False)])
def test_dead_files_go_when_the_log_need_not_name_their_versions(tmp_path: Path, retention: str, gone: bool) -> None:
    old_ledger(tmp_path / "t", 2)
    ledger = RunLedger(tmp_path / "t")
    ledger.publish(run_row("first"))
    table = DeltaTable(str(ledger.folder))
    table.alter.set_table_properties({"delta.logRetentionDuration": retention})
    for number in range(MAX_FILES + 1):
        ledger.publish(run_row(f"r{number}"))
    assert ledger.read().height == MAX_FILES + 4
    assert any(ledger.folder.glob("run_id=*")) != gone
    assert (len(list(ledger.folder.rglob("part-*.parquet"))) < 8) == gone


@pytest.mark.parametrize(
    ("text", "hours"), [("interval 400 days", 9600), ("interval 2 weeks", 336), ("interval 1 hour", 1), ("soon", None)]
)
def test_the_retention_of_the_log_is_read_from_the_table(tmp_path: Path, text: str, hours: int | None) -> None:
    write_deltalake(str(tmp_path), pl.DataFrame({"x": [1]}))
    table = DeltaTable(str(tmp_path))
    assert log_retention(table) == LOG_RETENTION
    table.alter.set_table_properties({"delta.logRetentionDuration": text})
    found = log_retention(table)
    assert (found.total_seconds() / 3600 if found else None) == hours
