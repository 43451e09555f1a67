"""The text of a CSV file: whether it is one and whole, its lines, and the fault of quotes that do not pair up."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import numpy as np

from schemas.faults import TableFault

_SIGNATURES = {
    b"PAR1": "a Parquet file: give it the name {table}.parquet",
    b"PK\x03\x04": "an Excel workbook or a zip archive: save the table as CSV",
    b"\x1f\x8b": "compressed: unpack it",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)")
MARK = "\ufeff".encode()
_LINE_END = 10
BLOCK = 1 << 22  # bytes that are looked at together; numpy needs about ten times as much for a moment


def check_text(data: bytes, file: str, table: str) -> None:
    """Make sure that a file is text in UTF-8 that ends with a line end.

    Raises:
        TableFault: if not.
    """
    check, start = TextCheck(file, table), 0
    while start < len(data):
        end = block_end(data, start, BLOCK)
        check.feed(data[start:end])
        start = end
    check.close()


class TextCheck:
    """Whether a file is text in UTF-8 that ends with a line end, by blocks of whole lines.

    Attributes:
        n_lines: line ends so far.
    """

    def __init__(self, file: str, table: str) -> None:
        self._file, self._table = file, table
        self.n_lines = 0
        self._fed: bytes = b""

    def feed(self, block: bytes) -> None:
        """Check the next block; blocks end behind a line end, so that no letter is cut in two.

        Raises:
            TableFault: if it is not text.
        """
        if not self._fed:
            for signature, what in _SIGNATURES.items():
                if block.startswith(signature):
                    raise TableFault(
                        self._table, f"{self._file} is not a CSV in UTF-8 but {what.format(table=self._table)}"
                    )
        if b"\0" in block:
            line = self._line(block, block.index(b"\0"))
            sentence = f"{self._file} is not a CSV: line {line} holds a NUL byte; export it again as UTF-8 text"
            raise TableFault(self._table, sentence)
        try:
            _ = block.isascii() or block.decode()
        except UnicodeDecodeError as error:
            line = self._line(block, error.start)
            if error.reason == "unexpected end of data" and not block.endswith(b"\n"):
                raise _cut_off(self._file, self._table, line) from None
            sentence = f"{self._file} is not UTF-8: line {line} holds a byte that is not; save it as UTF-8"
            raise TableFault(self._table, sentence) from None
        self.n_lines += count_lines(block)
        self._fed = block

    def close(self) -> None:
        """Say that there is no further block.

        Raises:
            TableFault: if the last line has no end.
        """
        whole = self._fed.endswith(b"\n") or (self._fed.endswith(b"\r") and not self.n_lines)
        if self._fed and not whole:
            raise _cut_off(self._file, self._table, self.n_lines + 1)

    def _line(self, block: bytes, place: int) -> int:
        return self.n_lines + block[:place].count(b"\n") + 1


def block_end(data: bytes, start: int, size: int) -> int:
    """The end of the block from ``start`` on: behind its last line end, or behind the next if it has none."""
    if len(data) - start <= size:
        return len(data)
    return data.rfind(b"\n", start, start + size) + 1 or data.find(b"\n", start + size) + 1 or len(data)


def count_lines(data: bytes) -> int:
    """The line ends in it; ``bytes.count`` takes four times as long where lines are short."""
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LINE_END))


def ends_lines_alone(data: bytes) -> bool:
    """Whether a carriage return in it ends a line without a line feed behind it."""
    return b"\r" in data and data.count(b"\r") != data.count(b"\r\n")


def _cut_off(file: str, table: str, line: int) -> TableFault:
    return TableFault(
        table,
        f"{file} is cut off: its last line, number {line}, has no line end; deliver it again, or end the line if it is "
        "whole",
    )


class Lines:
    """The lines of a file from a place on; between two rows the place may be moved.

    Attributes:
        data: the file; every line has an end.
        place: the byte at which the next line starts.
        number: the number of that line.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = len(MARK) if data.startswith(MARK) else 0
        self.number = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        found = _LINE.match(self.data, self.place)
        if found is None:
            raise StopIteration
        self.move(found.end(), self.number + 1)
        return found[0].decode()

    @property
    def at_end(self) -> bool:
        """Whether no line is left."""
        return self.place >= len(self.data)

    def move(self, place: int, number: int) -> None:
        """Go on at another place, which is the start of a row and of the line of that number."""
        self.place, self.number = place, number


class Records:
    """The rows of ``lines`` as the csv module reads them, each with the line on which it starts.

    Where ``lines`` is moved between two rows, the next row is read from there.
    """

    def __init__(self, lines: Lines, file: str, table: str) -> None:
        self._lines, self._file, self._table = lines, file, table
        self._reader = csv.reader(lines, strict=True)

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self

    def __next__(self) -> tuple[int, list[str]]:
        start = self._lines.number
        try:
            return start, next(self._reader)
        except csv.Error:
            raise TableFault(
                self._table,
                f"{self._file}: the quotes of the row that starts on line {start} do not pair up, or the file is cut "
                "off in it; mend or deliver it again",
            ) from None
