"""All checks of a table asked in one query say what Pandera says one by one."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.splitting.checking import _all_pass, failed_cells


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


CHECKS = [
    pa.Check.in_range(0, 10), pa.Check.in_range(0, 10, include_max=False), pa.Check.isin([0, 1]), pa.Check.isin([1]),
    pa.Check.isin([0, 2]), pa.Check.isin([2, 3, 4, 3]), pa.Check.isin([True, False]), pa.Check.in_range(-0.5, 1.5),
]  # fmt: skip
CELLS = st.one_of(st.none(), st.sampled_from([0.0, 1.0, 2.0, 10.0, 0.5, 3.0, 11.0, -1.0, float("nan"), float("inf")]))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHECKS), st.lists(CELLS, max_size=5), st.booleans())
def test_the_least_and_the_greatest_value_say_what_pandera_says(
    check: pa.Check, cells: list[float | None], whole: bool
) -> None:
    dtype = pl.Int64 if whole else pl.Float64
    frame = pl.DataFrame({"n": pl.Series(cells, dtype=pl.Float64).cast(dtype, strict=False)})
    schema = pa.DataFrameSchema({"n": pa.Column(dtype, check, nullable=True)})
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors:
        assert not _all_pass(frame, schema)
    else:
        assert _all_pass(frame, schema) or not (check.name == "isin" or whole)
