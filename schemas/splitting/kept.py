"""The rows of a table that are not rejected, as they stand in their file: what lands. Patient data."""

from __future__ import annotations

from typing import Any

import polars as pl

from schemas.splitting.checked import CheckedTable
from schemas.splitting.parsing import ROW

KEPT: dict[str, Any] = {
    "table": pl.String,
    "person_id": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "row": pl.String,
}


def kept_rows(table: CheckedTable, rejected: pl.Series) -> pl.DataFrame:
    """Every row but the rejected ones: where it stands, whose it is, and its text by column as JSON.

    A column that the file has and an empty cell in it are there, the cell as an empty text; a column that the file
    lacks is not.

    Args:
        table: the table.
        rejected: numbers of the rows that are rejected.
    """
    text = table.text
    if text is None or not text.frame.height:
        return pl.DataFrame(schema=KEPT)
    files = text.files if text.files is not None else pl.repeat(text.file, text.frame.height, eager=True)
    rows = pl.DataFrame(
        {
            "table": pl.repeat(text.table, text.frame.height, eager=True),
            "person_id": table.keys,
            "file": files.cast(pl.String),
            "line": text.lines,
            "row": text.as_text.select(pl.all().fill_null("")).to_struct("row").struct.json_encode(),
        },
        schema=KEPT,
    )
    if not rejected.len():
        return rows
    return rows.with_row_index(ROW).filter(~pl.col(ROW).is_in(rejected.implode())).drop(ROW)
