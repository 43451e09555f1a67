"""Cells of a file that stores types: as the text that a CSV would hold, or as numbers where that is the same."""

from __future__ import annotations

import polars as pl

from schemas.fields.plain import EXACT


def as_cells(column: pl.Series) -> pl.Series:
    """A column as validation reads it: numbers that are the same as text stay numbers, all else is text."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int8)
    return column if column.dtype in EXACT else as_text(column)


def as_text(column: pl.Series) -> pl.Series:
    """A column as a CSV would hold it."""
    if isinstance(column.dtype, pl.Categorical):  # of a CSV, in which an empty text is no null
        return column.cast(pl.String).fill_null("")
    if column.dtype.is_float():  # NaN is how other tools write an empty number, and a check would let it pass
        return column.fill_nan(None).cast(pl.String)
    return (column.cast(pl.Int8) if column.dtype == pl.Boolean else column).cast(pl.String)
