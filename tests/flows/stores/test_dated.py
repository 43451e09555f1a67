"""A date is one state for whoever follows the ledger: while runs replace it, and after they were killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows.stores.dated import ReplacedError, commit, state_of
from flows.stores.store import StoreError
from flows.stores.tables import Tables

DATE = "2026-11-20"
SEED = 20261128
KILLS = 3
WRITER = """
import sys
from itertools import count
from pathlib import Path
from flows.stores.tables import Tables
from tests.flows.stores.test_dated import publish
tables, name = Tables.of(Path(sys.argv[1]), "delta"), sys.argv[2]
publish(tables, f"{name}-0")
print("ready", flush=True)
for number in count(1):
    publish(tables, f"{name}-{number}")
"""


def publish(tables: Tables, run_id: str) -> dict[str, Any]:
    """A run of a date; its number tells how many rows it has."""
    n_scored, n_rejects = 3 + hash(run_id) % 5, hash(run_id) % 3
    same = {"batch": DATE, "run_id": run_id}
    scores = pl.DataFrame({"person_id": [str(n) for n in range(n_scored)]}).with_columns(
        pl.lit(date.fromisoformat(DATE)).alias("score_date"), pl.lit(run_id).alias("run_id")
    )
    rejects = pl.DataFrame({"line": range(n_rejects)}, schema={"line": pl.Int64}).with_columns(
        **{name: pl.lit(value) for name, value in same.items()}
    )
    now = datetime.now(UTC)
    row = {
        **same,
        "flow": "score",
        "study": "s",
        "n_scored": n_scored,
        "details": json.dumps({"n_rejects": n_rejects}),
        "started_at": now,
        "finished_at": now,
    }
    return commit(tables, row, scores=[scores], rejects=[rejects])


def run_of(tables: Tables) -> str:
    """The run that the date's state is of, all of it."""
    state = state_of(tables, DATE)
    assert state is not None
    scores, rejects = state.scores(), state.rejects()
    assert scores.height == state.run["n_scored"]
    assert rejects.height == json.loads(state.run["details"])["n_rejects"]
    assert {*scores["run_id"], *rejects["run_id"]} == {state.run["run_id"]}
    return str(state.run["run_id"])


def test_a_reader_sees_one_run_while_writers_replace_the_date_and_are_killed(tmp_path: Path) -> None:
    tables, chance = Tables.of(tmp_path, "delta"), random.Random(SEED)
    for kill in range(KILLS):
        command = [sys.executable, "-c", WRITER, str(tmp_path), f"writer{kill}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            seen = set[str]()
            while len(seen) < 3:
                seen.add(run_of(tables))
            time.sleep(chance.uniform(0, 0.05))
            writer.kill()
        assert run_of(tables).startswith(f"writer{kill}-"), "what was published before the kill stays"


def test_what_another_run_left_half_done_is_not_the_date(tmp_path: Path) -> None:
    tables = Tables.of(tmp_path, "delta")
    assert state_of(tables, DATE) is None
    publish(tables, "first")
    before = {name: getattr(tables, name).store.version() for name in ("scores", "rejects")}

    class KilledError(RuntimeError):
        pass

    def killed() -> Any:
        raise KilledError
        yield

    row = {**(tables.runs.last(DATE) or {}), "run_id": "second"}
    mine = pl.DataFrame({"line": [1], "batch": [DATE], "run_id": ["second"]})
    with pytest.raises(KilledError):
        commit(tables, row, scores=killed(), rejects=[mine])
    assert tables.rejects.read(DATE)["run_id"].to_list() == ["second"], "as a run that was killed leaves them"
    assert run_of(tables) == "first"
    state = state_of(tables, DATE)
    assert state is not None
    assert (state.scores_version, state.rejects_version) == (before["scores"], before["rejects"])
    publish(tables, "second")
    assert run_of(tables) == "second"


def test_of_two_machines_a_reader_sees_one_whole(tmp_path: Path) -> None:
    tables = Tables.of(tmp_path, "delta")
    publish(tables, "first")

    def meanwhile() -> Any:
        publish(tables, "other")
        yield pl.DataFrame({"person_id": ["1"], "score_date": [date.fromisoformat(DATE)], "run_id": ["mine"]})

    now = datetime.now(UTC)
    row = {**(tables.runs.last(DATE) or {}), "run_id": "mine", "n_scored": 1, "finished_at": now}
    row["details"] = json.dumps({"n_rejects": 1})
    mine = pl.DataFrame({"line": [1], "batch": [DATE], "run_id": ["mine"]})
    with suppress(StoreError):
        commit(tables, row, scores=meanwhile(), rejects=[mine])
    assert run_of(tables) in ("other", "mine")


def test_what_is_there_no_more_is_said(tmp_path: Path) -> None:
    tables = Tables.of(tmp_path, "delta")
    publish(tables, "first")
    tables.scores.folder.rename(tmp_path / "aside")
    with pytest.raises(ReplacedError, match="scores: what run first published for 2026-11-20 is there no more"):
        state_of(tables, DATE)
