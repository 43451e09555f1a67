"""What a column of a typed file may not hold: types that no rule of the contract reads."""

from __future__ import annotations

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.names import listed

# what a column may not hold, and how to say it, unless the kind that the contract declares is stored so
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


def check_types(frame: pl.DataFrame, file: str, table: str, view: ModelView) -> None:
    """Make sure that every column is stored as text, numbers or what its kind knows, and the key with all its figures.

    Args:
        frame: declared columns of the file, as they are stored.
        file: its name in errors.
        table: the table's name.
        view: the table's rules.

    Raises:
        TableFault: if not.
    """
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
