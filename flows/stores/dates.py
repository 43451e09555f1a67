"""A partition column of dates: its values are named in text, and a table whose column is of text is moved over."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from deltalake import Field, Schema
from deltalake.schema import PrimitiveType

from flows.stores.delta_files import open_table


def as_text(values: pl.Series) -> pl.Series:
    """Partition values as they are named: dates in ISO form."""
    return values.cast(pl.String) if values.dtype == pl.Date else values


def is_moved(there: object, here: object) -> bool:
    """Whether a partition column is of text in the table and of dates in the rows."""
    return there == PrimitiveType("string") and here == PrimitiveType("date")


def move_to_dates(folder: Path, partition: str) -> bool:
    """Make a partition column of text one of dates, in one commit that writes no file, and say whether it was done.

    The values of a partition column stand in the log alone, in the same text for both types. Versions before stay as
    they were.
    """
    table = open_table(folder)
    fields = table.schema().fields
    if not any(field.name == partition and field.type == PrimitiveType("string") for field in fields):
        return False
    dates = Field(partition, PrimitiveType("date"))
    table.create_write_transaction(
        [],
        mode="overwrite",
        schema=Schema([dates if field.name == partition else field for field in fields]),
        partition_by=[partition],
        partition_filters=[(partition, "=", "0001-01-01")],  # no row is replaced
    )
    open_table(folder).create_checkpoint()  # what stands before it holds the values in the other type
    return True
