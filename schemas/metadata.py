"""Any table file without a contract: what it says of its columns, and its cells as text. For who writes a contract."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from schemas.faults import TableFault
from schemas.reading.csv_file import read_plain_csv
from schemas.reading.described import ColumnMetadata, ColumnType, FileMetadata, column_type
from schemas.reading.forms import ENDS, PACKAGES, form_of
from schemas.reading.parquet_file import read_whole
from schemas.reading.readstat import read_statistics
from schemas.reading.stored import as_text


def read_metadata(path: Path) -> FileMetadata:
    """Column names, types, labels, value labels, units and missing codes of a file.

    Reads ``.csv``, ``.parquet``, ``.dta`` (Stata), ``.sav`` (SPSS), ``.sas7bdat`` and ``.xpt`` (SAS), the whole file:
    call ``read_described`` where the cells are wanted too.

    Example:
        >>> metadata = read_metadata(Path("cohort.sav"))  # doctest: +SKIP
        >>> metadata["sex"].label, metadata["sex"].value_labels  # doctest: +SKIP
        ('Sex of the patient', {'1': 'Male', '2': 'Female'})

    Raises:
        TableFault: if it cannot be read; one sentence without a value.
    """
    return read_described(path)[0]


def read_described(path: Path) -> tuple[FileMetadata, pl.DataFrame]:
    """What ``read_metadata`` gives, and all cells as text.

    Cells stand as a CSV would hold them, and as validation reads them before a contract says what they mean: codes are
    codes (their words are in ``value_labels``), ``1.0`` is ``1``, dates are ISO text, a blank is null, and so is
    what is neither text nor number, such as a list. A code that the file declares missing still stands there. Patient
    data.

    Raises:
        TableFault: if it cannot be read; one sentence without a value.
    """
    table, suffix = path.stem, form_of(path.name)
    if suffix is None:
        raise TableFault(table, f"{path.name} does not end in {ENDS}: save the table as one of these")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TableFault(table, f"{path.name} cannot be read: {error.strerror}") from None
    if not data:
        raise TableFault(table, f"{path.name} is empty (0 bytes): deliver it again")
    if suffix in PACKAGES:
        read = read_statistics(data, suffix, path.name, table=table)
        return read.metadata, read.text
    if suffix == ".csv":
        text = read_plain_csv(data, path.name, table=table)
        columns = tuple(ColumnMetadata(name=column.name, type=_type(column)) for column in text.iter_columns())
        return FileMetadata(form="CSV", n_rows=text.height, columns=columns), text
    frame = read_whole(data, path.name, table)
    return (
        FileMetadata(form="Parquet", n_rows=frame.height, columns=tuple(map(_stored, frame.iter_columns()))),
        pl.DataFrame([_cells(column) for column in frame.iter_columns()]),
    )


def _cells(column: pl.Series) -> pl.Series:
    """A column as text; one that a CSV cannot hold, such as lists, has no cell."""
    if column.dtype.is_nested() or column.dtype.base_type() in (pl.Duration, pl.Binary, pl.Object):
        return pl.Series(column.name, [None] * column.len(), dtype=pl.String)
    return as_text(column)


def _type(text: pl.Series) -> ColumnType:
    cells = text.drop_nulls()
    return "number" if cells.len() and cells.cast(pl.Float64, strict=False).null_count() == 0 else "text"


def _stored(column: pl.Series) -> ColumnMetadata:
    return ColumnMetadata(name=column.name, type=column_type(column.dtype), storage=str(column.dtype))
