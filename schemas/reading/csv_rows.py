"""The rows of a CSV below its header, one by one: the reference for every other way to read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from schemas.reading.csv_lines import Lines, Records
from schemas.reading.text_table import BrokenRow


@dataclass(frozen=True)
class Rows:
    """Rows of a CSV, every one accounted for.

    Attributes:
        frame: those that fit the header, all columns as String, or some as Categorical where that was asked for.
        lines: for each row of ``frame`` the line on which it starts.
        broken: those with too few or too many fields. A line without anything on it is not a row.
    """

    frame: pl.DataFrame = field(repr=False)
    lines: pl.Series
    broken: tuple[BrokenRow, ...] = ()


class Found:
    """Rows that were read one by one, those that fit the header and those that do not."""

    def __init__(self, header: Sequence[str], file: str) -> None:
        self._header, self._file = header, file
        self._rows: list[list[str]] = []
        self._lines: list[int] = []
        self._broken: list[BrokenRow] = []

    def add(self, line: int, row: list[str]) -> None:
        """Add the row that starts on ``line``; one without a field is none."""
        if len(row) == len(self._header):
            self._rows.append(row)
            self._lines.append(line)
        elif row:
            rule = "too_few_fields" if len(row) < len(self._header) else "too_many_fields"
            self._broken.append(BrokenRow(line, tuple(row), rule, self._file))

    def rows(self) -> Rows:
        """What was added."""
        cells = zip(*self._rows, strict=True) if self._rows else ([] for _ in self._header)
        frame = pl.DataFrame(
            {name: list(column) for name, column in zip(self._header, cells, strict=True)},
            schema_overrides=dict.fromkeys(self._header, pl.String),
        )
        return Rows(frame, pl.Series("line", self._lines, dtype=pl.Int64), tuple(self._broken))


def read_row_by_row(lines: Lines, header: Sequence[str], file: str, table: str) -> Rows:
    """The rows of ``lines`` by the csv module.

    Args:
        lines: what is left of the file.
        header: names of the columns, each once.
        file: the file's name in errors.
        table: the table's name.

    Raises:
        TableFault: if the quotes of a row do not pair up.
    """
    found = Found(header, file)
    for line, row in Records(lines, file, table):
        found.add(line, row)
    return found.rows()
