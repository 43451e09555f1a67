"""Rows of any raw table in one form: a cell a column, and beside them which columns of the raw table these are."""

from __future__ import annotations

import json
from collections.abc import Sequence

import polars as pl

NAMES, OLDER = "columns", "row"
"""Which columns of the raw table the cells are, a JSON list; and the JSON object that held a row before there were
cells."""


def cell(place: int) -> str:
    """The column of a cell by its place in the list of names."""
    return f"c{place + 1}"


def laid(cells: pl.DataFrame) -> pl.DataFrame:
    """A table's columns as cells side by side, with their names in front."""
    names = json.dumps(cells.columns, ensure_ascii=False)
    beside = [column.alias(cell(place)) for place, column in enumerate(cells.iter_columns())]
    return pl.DataFrame([repeated(names, cells.height).alias(NAMES), *beside])


def repeated(text: str, n_rows: int) -> pl.Series:
    """A text in every row, which is kept and written once."""
    return pl.repeat(text, n_rows, dtype=pl.Enum([text]), eager=True)


def is_cell(column: str) -> bool:
    """Whether a column is one of cells."""
    return column[:1] == "c" and column[1:].isdigit()


def named(rows: pl.DataFrame, names: Sequence[str], also: Sequence[str]) -> pl.DataFrame:
    """Rows of one raw table with its columns by their names: their text without white space around it.

    Args:
        rows: as :func:`laid` has laid them, or with a row's JSON object.
        names: the columns to give; one that a row's file lacked is null.
        also: further columns of ``rows``.
    """
    parts = [rows.select(*also, *map(_nothing, names)).clear()]
    for (header,), part in rows.group_by(NAMES, maintain_order=True) if NAMES in rows.columns else [((None,), rows)]:
        if header is None:
            parts.append(_decoded(part, names, also))
            continue
        places = {name: cell(place) for place, name in enumerate(json.loads(str(header)))}
        parts.append(
            part.select(
                *also,
                *(
                    pl.col(places[name]).str.strip_chars().alias(name) if name in places else _nothing(name)
                    for name in names
                ),
            )
        )
    return pl.concat(parts)


def _decoded(rows: pl.DataFrame, names: Sequence[str], also: Sequence[str]) -> pl.DataFrame:
    if not names:
        return rows.select(also)
    cells = rows[OLDER].str.json_decode(pl.Struct(dict.fromkeys(names, pl.String))).struct.unnest()
    return pl.concat([rows.select(also), cells.select(pl.all().str.strip_chars())], how="horizontal")


def _nothing(name: str) -> pl.Expr:
    return pl.lit(None, dtype=pl.String).alias(name)
