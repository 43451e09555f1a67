"""The rows of a CSV below its header, block by block: plain lines by Polars, every other line by the csv module."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.faults import ContractError
from schemas.reading.csv_lines import BLOCK, MARK, Lines, Records, block_end, count_lines, ends_lines_alone
from schemas.reading.csv_rows import Found, Rows, read_row_by_row
from schemas.reading.repeating import new_codes

_COMMA, _QUOTE, _END = b',"\n'
_Bytes = npt.NDArray[np.uint8]
_Places = npt.NDArray[np.int64]


def read_rows(
    lines: Lines,
    header: Sequence[str],
    file: str,
    table: str,
    *,
    size: int = BLOCK,
    repeating: Collection[str] = (),
) -> Rows:
    """The rows of ``lines``, the same that ``read_row_by_row`` gives.

    Args:
        lines: what is left of the file, or of a part of it that starts with a row.
        header: names of the columns, each once.
        file: the file's name in errors.
        table: the table's name.
        size: bytes that are looked at together.
        repeating: columns that are wanted as Categorical, where an empty text may be null; they stay text where they
            hold too many texts.

    Raises:
        TableFault: if the quotes of a row do not pair up.
    """
    if ends_lines_alone(lines.data):
        return read_row_by_row(lines, header, file, table)  # a carriage return alone ends a line too
    if repeating:
        place, number = lines.place, lines.number
        with suppress(pl.exceptions.ComputeError, pl.exceptions.InvalidOperationError):
            return _read_blocks(lines, header, file, table, size, frozenset(repeating))
        lines.move(place, number)
    return _read_blocks(lines, header, file, table, size, frozenset())


def _read_blocks(
    lines: Lines, header: Sequence[str], file: str, table: str, size: int, repeating: Collection[str]
) -> Rows:
    records, others = Records(lines, file, table), Found(header, file)
    codes = new_codes()
    types = [codes if name in repeating else pl.String() for name in header]
    frames, numbers = [], []
    while not lines.at_end:
        start, first = lines.place, lines.number
        data = lines.data[start : block_end(lines.data, start, size)]
        if (frame := plain_frame(data, types)) is not None:
            lines.move(start + len(data), first + frame.height)
            frames.append(frame)
            numbers.append(np.arange(first, lines.number))
            continue
        block = Block(data, len(header))
        block.set_apart(lines, records, others)
        frames.append(block.frame(types))
        numbers.append(first + np.flatnonzero(block.plain))
    return _in_order(header, frames, numbers, others.rows())


def plain_frame(data: bytes, types: Sequence[pl.DataType]) -> pl.DataFrame | None:
    """The cells of whole lines that all are plain and have no quotes; None if that is not clear at once.

    Polars refuses a row with too many fields; so where there are as many commas as there should be, no row has too few.
    """
    if len(types) == 1 or b'"' in data or data.startswith(MARK):
        return None
    text = data.replace(b"\r\n", b"\n") if b"\r" in data else data
    window = max(1, csv.field_size_limit() // 2)  # a line that is too long leaves one without a line end
    if any(text.find(b"\n", at, at + window) < 0 for at in range(0, len(text) - window + 1, window)):
        return None
    n_lines = count_lines(text)
    if np.count_nonzero(np.frombuffer(text, np.uint8) == _COMMA) != n_lines * (len(types) - 1):
        return None
    try:
        frame = _read_text(text, types)
    except (pl.exceptions.ComputeError, pl.exceptions.SchemaError):
        return None
    return frame if frame.height == n_lines else None


def _read_text(text: bytes, types: Sequence[pl.DataType]) -> pl.DataFrame:
    names = map(str, range(len(types)))  # a real name may be what Polars takes for a pattern
    return pl.read_csv(
        text,
        has_header=False,
        schema=dict(zip(names, types, strict=True)),
        quote_char=None,
        empty_string_is_null=False,
        infer_schema=False,
    )


class Block:
    """Whole lines of a file, the first of which starts a row, and which of them are plain.

    A plain line is a row of as many cells as the header, each quoted as a whole or not at all, and none with a comma, a
    quote or a line end in it.
    """

    def __init__(self, data: bytes, n_columns: int) -> None:
        self._data, self._n_columns = data, n_columns
        self._text = data.replace(b"\r\n", b"\n") if b"\r" in data else data
        text = np.frombuffer(self._text, np.uint8)
        separator = (text == _END) | (text == _COMMA)
        at = np.flatnonzero(separator)
        places = np.flatnonzero(text[at] == _END)
        self._ends = at[places]
        self.plain = np.diff(places, prepend=-1) == n_columns
        length = np.diff(self._ends, prepend=-1)
        self.plain &= length <= csv.field_size_limit()
        self._quotes = np.flatnonzero(text == _QUOTE) if _QUOTE in self._text else at[:0]
        if self._quotes.size:
            self._leave(_odd_quotes(text, separator, self._quotes))
        if n_columns == 1:  # a line without anything on it is no row, though a cell of it may have been empty
            self.plain &= length > 1
            self._leave(self._quotes)
        if MARK in self._text:  # Polars would skip one where the text that it is given starts
            self._leave(np.flatnonzero((text[:-2] == MARK[0]) & (text[1:-1] == MARK[1]) & (text[2:] == MARK[2])))

    def _leave(self, places: _Places) -> None:
        """Leave the lines of these places to the csv module."""
        self.plain[np.searchsorted(self._ends, places)] = False

    def set_apart(self, lines: Lines, records: Records, others: Found) -> None:
        """Read the lines that are not plain one by one, and go on behind this block, or behind a row that leaves it."""
        start, first, n_lines = lines.place, lines.number, len(self.plain)
        begins = self._begins()
        taken = 0
        for line in np.flatnonzero(~self.plain).tolist():
            if line < taken:
                continue  # in the row before
            lines.move(start + int(begins[line]), first + line)
            others.add(*next(records))
            taken = lines.number - first
            self.plain[line:taken] = False
        if taken < n_lines:
            lines.move(start + len(self._data), first + n_lines)

    def _begins(self) -> _Places:
        """Where each line starts, in bytes of the file."""
        same = len(self._text) == len(self._data)
        ends = self._ends if same else np.flatnonzero(np.frombuffer(self._data, np.uint8) == _END)
        return np.concatenate([[0], ends[:-1] + 1])

    def frame(self, types: Sequence[pl.DataType]) -> pl.DataFrame:
        """The cells of the plain lines, of these types."""
        n_rows = int(np.count_nonzero(self.plain))
        if not n_rows:
            return pl.DataFrame(schema={str(place): dtype for place, dtype in enumerate(types)})
        frame = _read_text(self._plain_text(), types)
        if frame.height != n_rows:
            raise ContractError(
                f"Polars reads {frame.height} rows where {n_rows} were proved: use another version of it"
            )
        return frame

    def _plain_text(self) -> bytes:
        if self.plain.all() and not self._quotes.size:
            return self._text
        keep = np.repeat(self.plain, np.diff(self._ends, prepend=-1))
        keep[self._quotes] = False
        plain: _Bytes = np.frombuffer(self._text, np.uint8)[keep]
        return plain.tobytes()


def _odd_quotes(text: _Bytes, separator: npt.NDArray[np.bool_], quotes: _Places) -> _Places:
    """The quotes that do not, two by two in a line, stand around a whole cell, with no separator between them."""
    line = np.cumsum(text == _END, dtype=np.int32)[quotes]
    cell = np.cumsum(separator, dtype=np.int32)[quotes]
    before = np.where(quotes > 0, separator[quotes - 1], True)
    behind = separator[quotes + 1]  # a line end follows at the latest
    new_line = np.diff(line, prepend=-1) > 0
    place = np.arange(quotes.size)
    opens = (place - np.maximum.accumulate(np.where(new_line, place, 0))) % 2 == 0
    closed = np.append(~opens[1:] & (cell[1:] == cell[:-1]), False)  # by the next quote, in the same cell
    return quotes[np.where(opens, ~(before & closed), ~behind)]


def _in_order(header: Sequence[str], frames: list[pl.DataFrame], numbers: list[_Places], others: Rows) -> Rows:
    """Plain and other rows in the order of their lines, in one piece."""
    if not frames:
        return others
    frame = pl.concat(frames)
    frame.columns = list(header)
    lines = pl.Series("line", np.concatenate(numbers), dtype=pl.Int64)
    if others.lines.len():
        lines = pl.concat([lines, others.lines])
        order = lines.arg_sort()
        frame, lines = pl.concat([frame, others.frame.cast(frame.schema)])[order], lines[order]
    return Rows(frame.rechunk(), lines, others.broken)
