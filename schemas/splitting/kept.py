"""The rows of a table that are not rejected, as they stand in their file: what lands. Patient data."""

from __future__ import annotations

from typing import Any

import polars as pl

from schemas.fields import ModelView
from schemas.reading.stored import as_text
from schemas.splitting.checked import CheckedTable
from schemas.splitting.parsing import ROW
from schemas.splitting.side_by_side import laid, repeated

KEPT: dict[str, Any] = {
    "table": pl.String,
    "person_id": pl.String,
    "file": pl.String,
    "line": pl.Int64,
}
"""Columns in front of the cells; what repeats is Enum or Categorical, and cheap to write."""


def kept_rows(table: CheckedTable, rejected: pl.Series) -> pl.DataFrame:
    """Every row but the rejected ones in the order of the persons' keys: where it stands, whose it is, and its cells.

    The cells are those of the columns that the file has, but the key, as text, see
    :func:`schemas.splitting.side_by_side.laid`; an empty cell is an empty text.

    Args:
        table: the table.
        rejected: numbers of the rows that are rejected.
    """
    text = table.text
    if text is None or not text.frame.height:
        return pl.DataFrame(schema=KEPT)
    n_rows = text.frame.height
    where = pl.DataFrame(
        {
            "table": repeated(text.table, n_rows),
            "person_id": table.keys,
            "file": text.files if text.files is not None else repeated(text.file, n_rows),
            "line": text.lines,
        }
    )
    cells = text.frame.drop(ModelView.of(table.model).key).iter_columns()
    as_they_stand = [cell if isinstance(cell.dtype, pl.Categorical) else as_text(cell) for cell in cells]
    rows = pl.concat([where, laid(pl.DataFrame(as_they_stand).select(pl.all().fill_null("")))], how="horizontal")
    if rejected.len():
        rows = rows.with_row_index(ROW).filter(~pl.col(ROW).is_in(rejected.implode())).drop(ROW)
    return rows if rows["person_id"].is_sorted() else rows.sort("person_id")
