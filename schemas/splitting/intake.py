"""Rows that landed after a study's raw tables were delivered, taken in with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from schemas.fields import ModelView
from schemas.reading.text_table import TextTable
from schemas.sharding.keys import declared_keys

TABLES = "tables"
FILE, LINE = "file name", "line number"
"""Columns of a landed table beside those of the contract: where a row stood when it came."""


def landed_file(folder: Path, table: str) -> Path:
    """Where what landed of a table lies, if anything did."""
    return folder / TABLES / f"{table}.parquet"


def landed_table(folder: Path | None, table: str) -> pl.DataFrame | None:
    """What landed of a table: its cells as text, null where nothing was said; None if there is nothing."""
    file = landed_file(folder, table) if folder else None
    return pl.read_parquet(file) if file and file.is_file() else None


def landed_rows(newest: pl.DataFrame, text: TextTable | None, view: ModelView) -> pl.DataFrame:
    """Of the newest rows that landed, what differs from the raw table: cells that say the same are null, rows
    that say nothing new are left out.

    Args:
        newest: one row a person, the cells as text, null where nothing was said.
        text: the raw table, if there is one.
        view: the table's rules.
    """
    key = view.key
    if text is None:
        return newest
    raw = text.as_text.with_columns(declared_keys(text.frame[key], view).alias(key)).filter(pl.col(key).is_not_null())
    raw = raw.with_columns(pl.col(raw.columns).str.strip_chars().fill_null(""))
    columns = [name for name in raw.columns if name != key]
    known = newest.select(key).join(raw, on=key, how="left", maintain_order="left")
    is_new = ~newest[key].is_in(raw[key].implode())
    said = [
        pl.select(pl.when(newest[name] != known[name].fill_null("\0")).then(newest[name]).alias(name)).to_series()
        for name in columns
    ]
    changed = newest.with_columns(said)
    return changed.filter(is_new | changed.select(pl.any_horizontal(pl.col(columns).is_not_null())).to_series())


def with_landed(text: TextTable, landed: pl.DataFrame | None, view: ModelView) -> TextTable:
    """A raw table with what landed since: a cell that was said again is the new one, newcomers stand behind."""
    if landed is None or landed.is_empty():
        return text
    key, columns = view.key, text.frame.columns
    rows = text.as_text.with_columns(text.lines.alias(LINE), _files(text).alias(FILE))
    keys = declared_keys(text.frame[key], view)
    known = keys.alias(key).to_frame().join(landed, on=key, how="left", maintain_order="left")
    again = rows.with_columns(known[name].fill_null(rows[name]) for name in (*columns, FILE, LINE) if name != key)
    newcomers = landed.filter(~pl.col(key).is_in(keys.drop_nulls().implode())).sort(key).select(rows.columns)
    whole = pl.concat([again, newcomers])
    return replace(text, frame=whole.select(columns), lines=whole[LINE].alias("line"), files=whole[FILE].alias("file"))


def _files(text: TextTable) -> pl.Series:
    if text.files is not None:
        return text.files.cast(pl.String)
    return pl.repeat(text.file, text.frame.height, dtype=pl.String, eager=True)
