"""Reading a Parquet file as text, the same text that a CSV would hold."""

from __future__ import annotations

import io
from collections.abc import Collection

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.header import check_header
from schemas.reading.names import listed
from schemas.reading.text_table import TextTable

# what a column may not hold, and how to say it; a time of day is fit where the contract declares one
_UNFIT: dict[type[pl.DataType], str] = {
    pl.Date: "dates",
    pl.Datetime: "dates with a time",
    pl.Duration: "durations",
    pl.Time: "times of day",
    pl.Binary: "binary data",
    pl.List: "lists",
    pl.Array: "lists",
    pl.Struct: "nested fields",
    pl.Object: "objects",
}
_WHOLE: dict[type[pl.DataType], float] = {
    pl.Float32: 2.0**24,
    pl.Float64: 2.0**53,
}  # from there on a float may be the neighbour of what was meant


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
    _check_types(frame, file, table, view)
    text = pl.DataFrame([as_text(column) for column in frame.iter_columns()])
    lines = pl.int_range(1, frame.height + 1, dtype=pl.Int64, eager=True).alias("line")
    return TextTable(table, stored_as, text, lines, tuple(header))


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


def _check_types(frame: pl.DataFrame, file: str, table: str, view: ModelView) -> None:
    unfit = [
        f"{name} holds {words} ({dtype.base_type().__name__})"
        for name, dtype in frame.schema.items()
        if (words := _UNFIT.get(dtype.base_type())) and dtype.base_type() not in view.rules[name].stored
    ]
    if unfit:
        raise TableFault(
            table,
            f"{file}: the column {listed(unfit)}, which the contract of {table} does not know; write text or numbers",
        )
    key = frame[view.key]
    limit = _WHOLE.get(key.dtype.base_type())
    if limit and (key.abs() >= limit).any():
        raise TableFault(
            table, f"{file}: {view.key} is stored as {key.dtype}, which cannot hold its longest keys; write it as text"
        )


def as_text(column: pl.Series) -> pl.Series:
    """A column as a CSV would hold it."""
    if column.dtype.is_float():  # NaN is how other tools write an empty number, and a check would let it pass
        return column.fill_nan(None).cast(pl.String)
    return (column.cast(pl.Int8) if column.dtype == pl.Boolean else column).cast(pl.String)
