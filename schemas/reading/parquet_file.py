"""Reading a Parquet file: the cells that a CSV would hold, numbers as they are stored."""

from __future__ import annotations

import io
from collections.abc import Collection

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.header import check_header
from schemas.reading.stored import as_cells
from schemas.reading.text_table import TextTable
from schemas.reading.types import check_types


def read_parquet(
    data: bytes, file: str, view: ModelView, *, table: str, stored_as: str, optional: Collection[str]
) -> TextTable:
    """The rows of a Parquet file; ``file`` is its name in errors, ``stored_as`` its name in rejects.

    Raises:
        TableFault: if it is damaged, has not the model's columns, or a column's type cannot be what is declared.
    """
    frame = read_whole(data, file, table)
    header = [name.strip() for name in frame.columns]
    check_header(header, file, table, list(view.rules), optional)
    frame.columns = header
    frame = frame.select(name for name in view.rules if name in frame.schema)
    check_types(frame, file, table, view)
    cells = pl.DataFrame([as_cells(column) for column in frame.iter_columns()])
    lines = pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("line")
    return TextTable(table, stored_as, cells, lines, tuple(header))


def read_whole(data: bytes, file: str, table: str) -> pl.DataFrame:
    """Every column of a Parquet file as it is stored.

    Raises:
        TableFault: if it is damaged, or no Parquet file.
    """
    if data[:4] != b"PAR1":
        raise TableFault(table, f"{file} is not a Parquet file: give a CSV the name {table}.csv, or export it again")
    frame: pl.DataFrame | None = None
    if data[-4:] == b"PAR1":
        try:
            frame = pl.read_parquet(io.BytesIO(data))
        except (
            Exception,
            pl.exceptions.PanicException,
        ):  # a damaged file fails in many ways, and its message may quote what it read
            frame = None
    if frame is None:
        raise TableFault(table, f"{file} is a damaged or cut off Parquet file: deliver it again")
    return frame
