"""Reading a CSV file as text, every row accounted for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.csv_blocks import read_rows
from schemas.reading.csv_lines import Lines, Records, check_text
from schemas.reading.csv_rows import Rows
from schemas.reading.header import Row, check_header, check_names
from schemas.reading.text_table import TextTable

_TITLE_LINES = 20  # how far down a header is looked for, to say where it is
_RowsReader = Callable[[Lines, Sequence[str], str, str], Rows]


def read_csv(
    data: bytes,
    file: str,
    view: ModelView,
    *,
    table: str,
    stored_as: str,
    optional: Collection[str],
    rows: _RowsReader = read_rows,
) -> TextTable:
    """The rows of a CSV file.

    Args:
        data: the file.
        file: its name in errors.
        view: the model that it must keep.
        table: name of the table.
        stored_as: its name in rejects.
        optional: columns that it may lack.
        rows: what reads the rows below the header.

    Raises:
        TableFault: if it is not a whole CSV in UTF-8 with the model's columns.
    """

    def check(header: Sequence[str], below: Iterable[Row]) -> None:
        check_header(header, file, table, list(view.rules), optional, below)

    header, read = _read(data, file, table, check, rows)
    frame = read.frame.select(name for name in view.rules if name in set(header))
    broken = tuple(replace(row, file=stored_as) for row in read.broken)
    return TextTable(table, stored_as, frame, read.lines, header, broken)


def read_plain_csv(data: bytes, file: str, *, table: str, rows: _RowsReader = read_rows) -> pl.DataFrame:
    """The cells of a CSV file without a contract, blanks as null.

    Raises:
        TableFault: if it is not a whole CSV in UTF-8 whose rows have as many fields as its header.
    """
    _, read = _read(data, file, table, lambda header, below: check_names(header, file, table), rows)
    if read.broken:
        count, line = len(read.broken), read.broken[0].line
        raise TableFault(
            table,
            f"{file}: {count} rows have more or fewer fields than the header, the first on line {line}; mend them",
        )
    return read.frame.with_columns(pl.all().str.strip_chars().replace("", None))


def _read(
    data: bytes, file: str, table: str, check: Callable[[Sequence[str], Iterable[Row]], None], rows: _RowsReader
) -> tuple[tuple[str, ...], Rows]:
    check_text(data, file, table)
    lines = Lines(data)
    records = Records(lines, file, table)
    _, first = next(records, (1, []))
    header = tuple(name.strip() for name in first)
    check(header, islice(records, _TITLE_LINES))
    return header, rows(lines, header, file, table)
