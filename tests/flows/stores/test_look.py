"""What a part of a table holds is told without its rows, and as its rows tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from flows.stores import large, stream
from flows.stores.delta import PartitionedTable

N = 25


def rows(day: str, *, wide: int = 0) -> pl.DataFrame:
    """Some of each kind of column empty; of some kinds a table's log has no counts, nor of columns behind the 32nd."""
    at = pl.int_range(N, eager=True)
    return pl.DataFrame(
        {
            "person_id": at.cast(pl.String),
            "day": [day] * N,
            "figure": pl.select(pl.when(at % 3 > 0).then(at * 1.5)).to_series(),
            "run_id": ["r1"] * N,
            "labels": [["a"] if number % 2 else None for number in range(N)],
            "seen": [datetime(2026, 1, 1, tzinfo=UTC) if number % 5 else None for number in range(N)],
            **{f"extra{place}": [None, *range(1, N)] for place in range(wide)},
        }
    )


@pytest.mark.parametrize("at_once", [stream.ROWS, 4])
def test_a_look_says_what_the_rows_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """In one file, and in several that were written one after the other."""
    monkeypatch.setattr(stream, "ROWS", at_once)
    monkeypatch.setattr(large, "BATCHES", 2)
    table = PartitionedTable(tmp_path / "t", "day")
    assert table.look("monday", "run_id") is None
    table.replace("monday", rows("monday"))
    table.replace("tuesday", rows("tuesday", wide=40))
    for day in ("monday", "tuesday"):
        found, read = table.look(day, "run_id"), table.read(day)
        assert found is not None
        assert (found.n_rows, found.schema, found.first) == (N, read.schema, "r1")
        assert found.empty == dict(zip(read.columns, read.null_count().row(0), strict=True))
    assert table.look("sunday", "run_id") is None
    table.remove("sunday")
    table.remove("monday")
    assert table.look("monday", "run_id") is None
    assert table.read().height == N
