"""A file in blocks, so that memory does not grow with it: whole lines of a CSV, slices of a Parquet file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.csv_blocks import read_rows
from schemas.reading.csv_lines import BLOCK, Lines, TextCheck, ends_lines_alone
from schemas.reading.csv_rows import Rows
from schemas.reading.places import opened, scan
from schemas.reading.stored import as_cells

ROWS = 100_000  # rows of a Parquet file that are looked at together


def line_blocks(path: Path, start: int = 0, size: int = BLOCK) -> Iterator[bytes]:
    """The lines of a file from the byte ``start`` on, some at once; a block ends behind a line end or with the file."""
    with opened(path) as file:
        file.seek(start)
        rest = b""
        while chunk := file.read(size):
            data = rest + chunk
            end = data.rfind(b"\n") + 1
            if end:
                yield data[:end]
            rest = data[end:]
        if rest:
            yield rest


@dataclass(frozen=True)
class TextSurvey:
    """What reading a CSV once says of it.

    Attributes:
        n_lines: its line ends.
        starts, numbers: where each block starts, and the number of its first line.
        is_plain: a line end always ends a row: there are no quotes, and no carriage return stands alone.
    """

    size: int
    n_lines: int
    starts: tuple[int, ...]
    numbers: tuple[int, ...]
    is_plain: bool

    @classmethod
    def of(cls, path: Path, file: str, table: str) -> TextSurvey:
        """Read a CSV once.

        Raises:
            TableFault: if it is not text in UTF-8 that ends with a line end.
        """
        check, starts, numbers, at, is_plain = TextCheck(file, table), [0], [1], 0, True
        for block in line_blocks(path):
            check.feed(block)
            at += len(block)
            starts.append(at)
            numbers.append(check.n_lines + 1)
            is_plain = is_plain and b'"' not in block and not ends_lines_alone(block)
        check.close()
        return cls(at, check.n_lines, tuple(starts), tuple(numbers), is_plain)


def csv_rows(
    path: Path, start: int, number: int, header: tuple[str, ...], file: str, table: str, size: int = BLOCK
) -> Iterator[Rows]:
    """The rows of a CSV from a place on, some at once; a row that goes on in the next block is read with it.

    Raises:
        TableFault: if the quotes of a row do not pair up.
    """
    blocks = line_blocks(path, start, size)
    rest, block = b"", next(blocks, None)
    while block is not None:
        following = next(blocks, None)
        lines = Lines(rest + block)
        lines.move(0, number)
        try:
            rows = read_rows(lines, header, file, table)
        except TableFault:
            if following is None:
                raise
            rest += block
        else:
            yield rows
            number, rest = lines.number, b""
        block = following


def declared(names: Sequence[str], header: Sequence[str], view: ModelView) -> tuple[list[str], list[str]]:
    """The columns of a file that the model has: their names in the file, and in the model."""
    pairs = [(name, known) for name, known in zip(names, header, strict=True) if known in view.rules]
    return [name for name, _ in pairs], [known for _, known in pairs]


def parquet_slices(path: Path, names: list[str], file: str, table: str) -> Iterator[pl.DataFrame]:
    """The columns of these names in the file, some rows at once, as they are stored.

    Raises:
        TableFault: if the file is damaged.
    """
    start = 0
    while (frame := parquet_rows(path, names, start, ROWS, file, table)).height:
        yield frame
        start += frame.height


def parquet_rows(path: Path, names: Sequence[str], start: int, n_rows: int, file: str, table: str) -> pl.DataFrame:
    """Some rows of a Parquet file, as they are stored; of a group of rows no more is decoded than is needed.

    Raises:
        TableFault: if the file is damaged.
    """
    try:
        rows = scan(path).slice(start, n_rows)
        return rows.select(pl.selectors.by_name(*names)).collect()
    except (Exception, pl.exceptions.PanicException):  # a damaged file fails in many ways; the message may quote it
        raise TableFault(table, f"{file} is a damaged or cut off Parquet file: deliver it again") from None


def cells_of(frame: pl.DataFrame, view: ModelView) -> pl.DataFrame:
    """Stored columns as validation reads them, in the model's order."""
    return pl.DataFrame([as_cells(frame[name]) for name in view.rules if name in frame.columns])
