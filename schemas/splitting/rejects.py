"""The rows of a table that do not go on, each with where it stands and every reason. Patient data."""

from __future__ import annotations

import json

import polars as pl

from schemas.reading.stored import as_text
from schemas.reading.text_table import BrokenRow, TextTable
from schemas.splitting.checked import CheckedTable
from schemas.splitting.parsing import ROW
from schemas.splitting.results import REJECTS


def rejects_of(table: CheckedTable, notes: pl.DataFrame, rejected: pl.Series) -> pl.DataFrame:
    """The rejects of a table, broken rows among them, in the order of files and lines.

    Args:
        table: the table.
        notes: what validation noted of its cells.
        rejected: numbers of the rows that are rejected.
    """
    text = table.text
    if text is None or not (rejected.len() or text.broken):
        return pl.DataFrame(schema=REJECTS)
    order = pl.Enum(list(table.values.columns))
    reasons = (
        notes.filter(pl.col("effect").is_in(["null", "reject"]) & pl.col(ROW).is_in(rejected.implode()))
        .sort(ROW, pl.col("column").cast(order), "rule")
        .group_by(ROW, maintain_order=True)
        .agg(pl.struct("column", "rule").alias("reasons"))
    )
    at = rejected.to_list()
    files = text.files if text.files is not None else pl.repeat(text.file, text.frame.height, eager=True)
    whole = pl.DataFrame(
        {
            "table": text.table,
            "file": files.gather(at).cast(pl.String),
            "line": text.lines.gather(at),
            "person_id": table.keys.gather(at),
            "row": pl.DataFrame([as_text(cells) for cells in text.frame[at]]).to_struct("row").struct.json_encode(),
            "reasons": reasons["reasons"],
        }
    )
    broken = _broken_rejects(text, table.broken_keys())
    return pl.concat([pl.DataFrame(schema=REJECTS), whole, broken]).sort("file", "line")


def _broken_rejects(text: TextTable, keys: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "table": [text.table] * len(text.broken),
            "file": [row.file for row in text.broken],
            "line": [row.line for row in text.broken],
            "person_id": keys,
            "row": [_row_json(text.header, row) for row in text.broken],
            "reasons": [[{"column": None, "rule": row.rule}] for row in text.broken],
        },
        schema=REJECTS,
    )


def _row_json(header: tuple[str, ...], row: BrokenRow) -> str:
    names = [*header, *(f"field {place}" for place in range(len(header) + 1, len(row.fields) + 1))]
    return json.dumps(dict(zip(names, row.fields, strict=False)), ensure_ascii=False)
