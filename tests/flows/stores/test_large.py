"""More rows of a date than are handed over together: whole files, one commit, nothing left of a write that fails."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from flows.stores import stream
from flows.stores.delta import OvertakenError, PartitionedTable, StoreError
from tests.support import ROOT

DATE, OTHER = "2026-01-01", "2026-01-02"
ROWS = 100


@pytest.fixture(autouse=True)
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "ROWS", ROWS)


@pytest.fixture
def table(tmp_path: Path) -> PartitionedTable:
    return PartitionedTable(tmp_path / "the table" / "scores", "score_date")


def day(name: str) -> dt.date | str:
    """A date of its name; other names are text, as tables by something else than a date have."""
    try:
        return dt.date.fromisoformat(name)
    except ValueError:
        return name


def rows(start: int, stop: int, date: str = DATE) -> pl.DataFrame:
    people = pl.int_range(start, stop, eager=True)
    return pl.DataFrame(
        {
            "person_id": people.cast(pl.String).str.zfill(6),
            "score_date": pl.repeat(day(date), len(people), eager=True),
            "risk": (people / 7).cast(pl.Float32),
            "class": (people % 3).cast(pl.Int8),
            "at": pl.repeat(None, len(people), eager=True).cast(pl.Datetime("us", "UTC")),
            "reasons": [[{"column": "a", "rule": "b"}]] * len(people),
        }
    )


def files(table: PartitionedTable) -> int:
    return sum(1 for _ in table.folder.glob("score_date=*/*.parquet"))


def test_frames_of_any_size_are_the_rows_of_one_commit(table: PartitionedTable) -> None:
    table.replace(OTHER, [rows(0, 30, OTHER)])
    assert table.replace(DATE, [rows(0, 150), rows(150, 151), rows(151, 2250)]) == 1
    assert table.read(DATE).equals(rows(0, 2250))
    assert table.read(OTHER).equals(rows(0, 30, OTHER))
    assert table.read(DATE, only=("person_id", "001500")).equals(rows(1500, 1501))
    assert table.read(DATE, only=("person_id", "nobody")).is_empty()
    found = pl.Series(DeltaTable(str(table.folder)).get_add_actions(flatten=True)).struct.unnest()
    large = found.filter(pl.col("partition.score_date") == day(DATE)).sort("min.person_id")
    assert large["num_records"].to_list() == [1000, 1000, 250]
    assert large["max.person_id"].to_list() == ["000999", "001999", "002249"]
    assert large["null_count.at"].drop_nulls().is_empty()  # no number and no text: nothing is said of it
    again = PartitionedTable(table.folder.with_name("again"), "score_date")
    again.replace(DATE, [rows(0, 2250)])
    assert again.read().equals(table.read(DATE))


def test_a_date_may_have_any_name(table: PartitionedTable) -> None:
    name = "a b/c %20 ä"
    table.replace(name, [rows(0, 350, name)])
    table.replace(name, [rows(0, 360, name)])
    assert table.read(name).equals(rows(0, 360, name))
    assert DeltaTable(str(table.folder)).to_pandas()["score_date"].unique().tolist() == [name]


def test_other_tools_read_them(table: PartitionedTable) -> None:
    table.replace(DATE, [rows(0, 350)])
    delta = DeltaTable(str(table.folder))
    arrow = delta.to_pyarrow_dataset().to_table()  # noqa: F841 - DuckDB finds it by its name
    said = duckdb.sql("SELECT count(*), max(person_id), sum(len(reasons)), min(score_date) FROM arrow").fetchall()
    assert said == [(350, "000349", 350, day(DATE))]
    assert delta.to_pandas()["class"].sum() == rows(0, 350)["class"].sum()


def test_a_date_is_replaced_and_takes_new_columns(table: PartitionedTable) -> None:
    table.replace(OTHER, rows(0, 5, OTHER))
    table.replace(DATE, [rows(0, 350)])
    wider = rows(0, 420).with_columns(pl.lit(1.5).alias("new"))
    table.replace(DATE, [wider])
    assert table.read(DATE).equals(wider)
    assert table.read(OTHER)["new"].to_list() == [None] * 5
    table.replace(DATE, wider.head(3))
    assert table.read(DATE).equals(wider.head(3))
    with pytest.raises(StoreError, match="column new is gone"):
        table.replace(DATE, [rows(0, 350)])


def test_a_write_that_fails_leaves_the_rows_before(table: PartitionedTable) -> None:
    table.replace(DATE, [rows(0, 350)])
    before = files(table)

    def failing() -> Iterator[pl.DataFrame]:
        yield rows(0, 1450)
        raise RuntimeError("a shard cannot be read")

    def of_another_date() -> Iterator[pl.DataFrame]:
        yield rows(0, 1450)
        yield rows(1450, 1460, OTHER)

    with pytest.raises(RuntimeError, match="a shard cannot be read"):
        table.replace(DATE, failing())
    with pytest.raises(StoreError, match="rows outside score_date=2026-01-01"):
        table.replace(DATE, of_another_date())
    assert table.read(DATE).equals(rows(0, 350))
    assert files(table) == before


def test_of_two_writers_of_a_date_one_is_told(table: PartitionedTable) -> None:
    table.replace(DATE, [rows(0, 350)])

    def overtaken(date: str) -> Iterator[pl.DataFrame]:
        yield rows(0, 1450)
        PartitionedTable(table.folder, "score_date").replace(date, [rows(0, 7, date)])
        yield rows(1450, 1500)

    with pytest.raises(OvertakenError, match="by another run at once"):
        table.replace(DATE, overtaken(DATE))
    assert table.read(DATE).equals(rows(0, 7))
    table.replace(DATE, overtaken(OTHER))
    assert table.read(DATE).equals(rows(0, 1500))
    assert table.read(OTHER).equals(rows(0, 7, OTHER))


@pytest.mark.parametrize("rows_at_once", [10_000, 1_000_000], ids=["file by file", "at once"])
def test_a_disk_that_is_full_leaves_the_rows_before(table: PartitionedTable, rows_at_once: int) -> None:
    """No file may grow beyond a size, which the system says as it says that a disk is full."""
    table.replace(DATE, rows(0, 50))
    code = f"""
import resource, sys; import polars as pl; from pathlib import Path
from flows.stores import stream; from flows.stores.delta import PartitionedTable, StoreError
stream.ROWS = {rows_at_once}
many = pl.DataFrame({{"person_id": [str(place) for place in range(100_000)]}})
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    PartitionedTable(Path(sys.argv[1]), "score_date").replace("{DATE}", many.with_columns(
        pl.lit("{DATE}").str.to_date().alias("score_date"),
        pl.lit(0.0).cast(pl.Float32).alias("risk"), pl.lit(0).cast(pl.Int8).alias("class"),
        pl.lit(None).cast(pl.Datetime("us", "UTC")).alias("at"),
        pl.lit(None).cast(pl.List(pl.Struct({{"column": pl.String, "rule": pl.String}}))).alias("reasons")))
except StoreError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(table.folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"scores: {DATE} was not written, there is no space left for {table.folder}" in done.stdout
    assert "the table is as it was" in done.stdout
    assert table.read(DATE).equals(rows(0, 50))
    if rows_at_once == 10_000:
        assert files(table) == 1
