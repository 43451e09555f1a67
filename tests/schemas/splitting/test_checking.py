"""All checks of a table asked in one query say what Pandera says one by one."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
import pytest

from schemas.splitting.checking import failed_cells


def _even(data: pa.PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key) % 2 == 0)


SCHEMA = pa.DataFrameSchema(
    {
        "key": pa.Column(pl.String, pa.Check.str_matches("^[0-9]+$"), unique=True),
        "n": pa.Column(pl.Int64, [pa.Check.in_range(0, 10), pa.Check(_even, name="even")], nullable=True),
        "sure": pa.Column(pl.Int64, pa.Check.isin([0, 1], ignore_na=False), nullable=True),
    }
)
SOUND = {"key": ["1", "2", "3"], "n": [0, None, 10], "sure": [0, 1, 1]}


def test_a_sound_frame_has_no_failed_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pandera is not asked for it: its own word on the same frame is the same."""
    frame = pl.DataFrame(SOUND)
    SCHEMA.validate(frame, lazy=True)
    monkeypatch.delattr(pa.DataFrameSchema, "validate")
    assert failed_cells(frame, SCHEMA).is_empty()


@pytest.mark.parametrize(
    ("column", "cells", "failed"),
    [
        ("key", ["1", "x", "3"], {("str_matches('^[0-9]+$')", 1)}),
        ("key", ["1", "1", "3"], {("field_uniqueness", 0), ("field_uniqueness", 1)}),
        ("key", ["1", None, "3"], {("not_nullable", 1)}),
        ("n", [0, 12, 11], {("in_range(0, 10)", 1), ("in_range(0, 10)", 2), ("even", 2)}),
        ("n", [0, 3, None], {("even", 1)}),
        ("sure", [0, None, 1], {("isin([0, 1])", 1)}),
    ],
)
def test_a_failed_cell_is_found_by_column_check_and_row(
    column: str, cells: list[str | int | None], failed: set[tuple[str, int]]
) -> None:
    frame = pl.DataFrame(SOUND | {column: cells}, schema={"key": pl.String, "n": pl.Int64, "sure": pl.Int64})
    found = failed_cells(frame, SCHEMA)
    assert found["column"].unique().to_list() == [column]
    assert set(found.select("check", "index").rows()) == failed


def test_a_wrong_dtype_is_pandera_s_to_say() -> None:
    frame = pl.DataFrame(SOUND).with_columns(pl.col("n").cast(pl.Float64))
    assert "n" in failed_cells(frame, SCHEMA)["column"].to_list()
