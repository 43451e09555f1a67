"""A source table as it was delivered, every row with the file and the line it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from schemas.faults import TableFault
from schemas.reading.stored import as_text


@dataclass(frozen=True)
class BrokenRow:
    """A row whose fields do not match the header: it cannot be told which value belongs to which column."""

    line: int
    fields: tuple[str, ...] = field(repr=False)
    rule: str
    file: str


@dataclass(frozen=True)
class TextTable:
    """A source table: text, or numbers where the file stores numbers.

    Attributes:
        table: name of the table.
        file: name of the file, or of the folder of part files.
        frame: the declared columns that the file has, just as they stand there: String, Categorical for a text that
            repeats, or a number's type.
        lines: for each row of ``frame`` the line of the file where it starts, or its number in a Parquet file.
        header: the file's columns in its order.
        broken: rows with too few or too many fields.
        files: for each row of ``frame`` the part file that it comes from; None where the table is one file.
    """

    table: str
    file: str
    frame: pl.DataFrame = field(repr=False)
    lines: pl.Series
    header: tuple[str, ...]
    broken: tuple[BrokenRow, ...] = ()
    files: pl.Series | None = None

    @property
    def n_rows(self) -> int:
        """Rows of the file, broken ones included."""
        return self.frame.height + len(self.broken)

    @property
    def as_text(self) -> pl.DataFrame:
        """The columns of ``frame`` as a CSV would hold them."""
        return pl.DataFrame([as_text(column) for column in self.frame.iter_columns()])


def require_alike(table: str, folder: str, headers: Sequence[tuple[str, ...]], names: Sequence[str]) -> None:
    """Make sure that part files have the same columns in the same order; ``names`` is what to call them.

    Raises:
        TableFault: if not.
    """
    for header, name in zip(headers, names, strict=True):
        if header != headers[0]:
            raise TableFault(
                table, f"{folder}: {name} has other columns than {names[0]}, or in another order; write them alike"
            )


def joined(table: str, folder: str, parts: Sequence[TextTable], names: Sequence[str]) -> TextTable:
    """Part files as one table, in their order.

    Args:
        table: name of the table.
        folder: name of the folder.
        parts: the tables of the part files.
        names: what to call the parts in an error.

    Raises:
        TableFault: if their headers differ.
    """
    first = parts[0]
    require_alike(table, folder, [part.header for part in parts], names)
    heights = [part.frame.height for part in parts]
    files = pl.concat(
        pl.repeat(part.file, height, dtype=pl.Enum([each.file for each in parts]), eager=True)
        for part, height in zip(parts, heights, strict=True)
    )
    return TextTable(
        table,
        folder,
        pl.concat(_alike([part.frame for part in parts])),
        pl.concat(part.lines for part in parts),
        first.header,
        tuple(row for part in parts for row in part.broken),
        files.alias("file"),
    )


def _alike(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames of the same columns with the same types: text where one part file stores a number and another does not."""
    mixed = [name for name in frames[0].columns if len({frame.schema[name] for frame in frames}) > 1]
    return [frame.with_columns(as_text(frame[name]) for name in mixed) for frame in frames]
