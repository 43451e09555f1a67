"""A table of many columns: Pandera is given a few at a time, and finds what it finds on the whole table."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl

from schemas.fields import ModelView, Table, across, integer, person_key
from schemas.splitting.checking import COLUMNS_A_BLOCK, blocks, check, failed_cells

N_COLUMNS = 3 * COLUMNS_A_BLOCK + 5


def wide_model() -> Any:
    """Every column but the last must lie below the next one, which is often of another block."""
    names = [f"c{place}" for place in range(N_COLUMNS)]
    fields: dict[str, Any] = {name: integer(name, low=0, high=100) for name in names}
    checks = {
        f"below_{right}": across(left, name=f"below_{right}", why="made up", holds=pl.col(left) <= pl.col(right))
        for left, right in itertools.pairwise(names)
    }
    types = {"key": str} | dict.fromkeys(names, int)
    body = {"__annotations__": types, "__module__": __name__, "__doc__": "Made up.", "key": person_key("Key")}
    return type("Wide", (Table,), body | fields | checks)


def test_a_column_is_checked_beside_few_others() -> None:
    """The work on a column must not grow with their number."""
    model = wide_model()
    assert [len(block.schema.columns) for block in blocks(model)] == [16, 16, 16, 6]
    assert max(len(block.reads) for block in blocks(model)) == COLUMNS_A_BLOCK + 1
    assert [name for block in blocks(model) for name in block.schema.columns] == list(ModelView.of(model).rules)


def test_blocks_find_what_the_whole_finds() -> None:
    model = wide_model()
    rows = [[place + row for place in range(N_COLUMNS)] for row in range(3)]
    rows[1][16], rows[1][40], rows[2][15] = 999, -1, 99  # c15 and c16 lie in one block with the key, c40 in another
    frame = pl.DataFrame(
        {"key": ["1", "2", "2"], **{f"c{place}": [row[place] for row in rows] for place in range(N_COLUMNS)}}
    )
    found = check(frame, model).select("row number", "column", "rule").sort(pl.all())
    whole = failed_cells(frame, model.to_schema())
    assert found.height == whole.height > 6
    assert set(found.rows()) >= {
        (1, "c16", "out_of_range"), (1, "c16", "below_c17"), (1, "c40", "out_of_range"), (1, "c39", "below_c40"),
        (2, "c15", "below_c16"), (1, "key", "duplicate_key"), (2, "key", "duplicate_key"),
    }  # fmt: skip
    assert (
        whole.select("index", "column").sort(pl.all()).rows()
        == found.select("row number", "column").sort(pl.all()).rows()
    )
