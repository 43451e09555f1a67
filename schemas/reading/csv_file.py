"""Reading a CSV file as text, row by row accounted for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.header import Row, check_header, check_names
from schemas.reading.text_table import BrokenRow, TextTable

_SIGNATURES = {
    b"PAR1": "a Parquet file: give it the name {table}.parquet",
    b"PK\x03\x04": "an Excel workbook or a zip archive: save the table as CSV",
    b"\x1f\x8b": "compressed: unpack it",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}
_TITLE_LINES = 20  # how far down a header is looked for, to say where it is


def read_csv(
    data: bytes, file: str, view: ModelView, *, table: str, stored_as: str, optional: Collection[str]
) -> TextTable:
    """The rows of a CSV file; ``file`` is its name in errors, ``stored_as`` its name in rejects.

    Raises:
        TableFault: if it is not a whole CSV in UTF-8 with the model's columns.
    """

    def check(header: Sequence[str], below: Iterable[Row]) -> None:
        check_header(header, file, table, list(view.rules), optional, below)

    read = _read(data, file, table, check)
    frame = read.frame.select(name for name in view.rules if name in set(read.header))
    broken = tuple(replace(row, file=stored_as) for row in read.broken)
    return TextTable(table, stored_as, frame, pl.Series("line", read.lines, dtype=pl.Int64), read.header, broken)


def read_plain_csv(data: bytes, file: str, *, table: str) -> pl.DataFrame:
    """The cells of a CSV file without a contract, blanks as null.

    Raises:
        TableFault: if it is not a whole CSV in UTF-8 whose rows have as many fields as its header.
    """
    read = _read(data, file, table, lambda header, below: check_names(header, file, table))
    if read.broken:
        rows, line = len(read.broken), read.broken[0].line
        raise TableFault(
            table, f"{file}: {rows} rows have more or fewer fields than the header, the first on line {line}; mend them"
        )
    return read.frame.with_columns(pl.all().str.strip_chars().replace("", None))


@dataclass(frozen=True)
class _Read:
    """A CSV, row by row: those that fit the header with their lines, and those that do not."""

    header: tuple[str, ...]
    rows: list[list[str]] = field(repr=False)
    lines: list[int]
    broken: list[BrokenRow]

    @property
    def frame(self) -> pl.DataFrame:
        """The rows that fit, all columns as text."""
        cells = zip(*self.rows, strict=True) if self.rows else ([] for _ in self.header)
        return pl.DataFrame(
            {name: list(column) for name, column in zip(self.header, cells, strict=True)},
            schema_overrides=dict.fromkeys(self.header, pl.String),
        )


def _read(data: bytes, file: str, table: str, check: Callable[[Sequence[str], Iterable[Row]], None]) -> _Read:
    text = _decode(data, file, table)
    if not (text.endswith("\n") or (text.endswith("\r") and "\n" not in text)):
        raise _cut_off(file, table, text.count("\n") + 1)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    start = 1
    try:
        read = _Read(tuple(name.strip() for name in next(reader, [])), [], [], [])
        check(read.header, islice(_numbered(reader), _TITLE_LINES))
        start = reader.line_num + 1
        for start, row in _numbered(reader):
            if len(row) == len(read.header):
                read.rows.append(row)
                read.lines.append(start)
            elif row:  # a line without anything on it is not a row
                rule = "too_few_fields" if len(row) < len(read.header) else "too_many_fields"
                read.broken.append(BrokenRow(start, tuple(row), rule, file))
            start = reader.line_num + 1
    except csv.Error:
        raise TableFault(
            table,
            f"{file}: the quotes of the row that starts on line {start} do not pair up, or the file is cut off in it; "
            "mend or deliver it again",
        ) from None
    return read


def _numbered(reader: Any) -> Iterator[tuple[int, list[str]]]:
    """The rows that are left, each with the line on which it starts."""
    start = reader.line_num + 1
    for row in reader:
        yield start, row
        start = reader.line_num + 1


def _cut_off(file: str, table: str, line: int) -> TableFault:
    return TableFault(
        table,
        f"{file} is cut off: its last line, number {line}, has no line end; deliver it again, or end the line if it is "
        "whole",
    )


def _decode(data: bytes, file: str, table: str) -> str:
    for signature, what in _SIGNATURES.items():
        if data.startswith(signature):
            raise TableFault(table, f"{file} is not a CSV in UTF-8 but {what.format(table=table)}")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise TableFault(table, f"{file} is not a CSV: line {line} holds a NUL byte; export it again as UTF-8 text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        in_a_letter = error.reason == "unexpected end of data"
    if in_a_letter:
        raise _cut_off(file, table, line)
    raise TableFault(table, f"{file} is not UTF-8: line {line} holds a byte that is not; save it as UTF-8")
