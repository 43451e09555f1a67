"""Cells laid side by side come back under their names, whatever they hold and whatever their columns are called."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from schemas.splitting.side_by_side import is_cell, laid, named

TEXTS = st.text(max_size=6)
FRAMES = st.lists(TEXTS, min_size=1, max_size=4, unique=True).flatmap(
    lambda names: st.lists(st.tuples(*(TEXTS for _ in names)), min_size=1, max_size=4).map(
        lambda rows: pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    )
)


@given(FRAMES)
def test_cells_come_back_stripped(frame: pl.DataFrame) -> None:
    rows = laid(frame)
    assert list(map(is_cell, rows.columns)) == [False, *[True] * frame.width]
    back = named(rows, frame.columns, ["columns"])
    assert back.drop("columns").equals(frame.select(pl.all().str.strip_chars()))


def test_a_column_that_a_file_lacked_is_null_and_an_empty_cell_is_not() -> None:
    one = laid(pl.DataFrame({"b": ["1", ""]})).cast(pl.String)
    other = laid(pl.DataFrame({"a": ["x"], "b": ["2"]})).cast(pl.String)
    back = named(pl.concat([one, other], how="diagonal"), ["a", "b", "c"], [])
    assert back.rows() == [(None, "1", None), (None, "", None), ("x", "2", None)]
