"""Opening a table's files for reading by shards: their names, their headers, whether their keys are in order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import polars as pl
import pyarrow

from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.csv_lines import BLOCK, Lines, Records
from schemas.reading.folder import part_files
from schemas.reading.forms import form_of
from schemas.reading.header import check_header
from schemas.reading.places import parquet_file, piece
from schemas.reading.source import part_names, read_file
from schemas.reading.text_table import TextTable
from schemas.reading.types import check_types
from schemas.sharding.blocks import ROWS, TextSurvey, cells_of, csv_rows, declared, line_blocks, parquet_slices
from schemas.sharding.cutting import cut_keys, cut_lines, keys_at
from schemas.sharding.keys import declared_keys
from schemas.sharding.parts import CsvInOrder, Named, ParquetInOrder, Part, text_table

SAMPLES = 4096  # keys of the person table that are looked at for the bounds of shards
FEW = 256  # keys of another file that are looked at for its order


class Opened(Protocol):
    """A file that was looked at: whole as a file, with the columns of the contract."""

    @property
    def named(self) -> Named:
        """What it is called."""

    @property
    def header(self) -> tuple[str, ...]:
        """Its columns."""

    @property
    def n_rows(self) -> int:
        """About how many rows it has."""

    def sample(self, view: ModelView, n: int) -> pl.Series:
        """About ``n`` keys from all over the file, in its order, null where one is malformed."""

    def in_order(self, view: ModelView, bounds: Sequence[str]) -> Part | None:
        """The file cut into shards as it lies there; None where that cannot be done."""

    def texts(self, view: ModelView) -> Iterator[TextTable]:
        """All rows, some at once."""


@dataclass(frozen=True)
class OpenedCsv:
    """A CSV."""

    named: Named
    header: tuple[str, ...]
    path: Path
    start: int
    number: int
    survey: TextSurvey

    @property
    def n_rows(self) -> int:
        """About how many rows it has."""
        return max(1, self.survey.n_lines - 1)

    def sample(self, view: ModelView, n: int) -> pl.Series:
        """About ``n`` keys from all over the file, in its order, null where one is malformed."""
        return keys_at(self.path, self.start, self.survey.size, self.header.index(view.key), view, n)

    def in_order(self, view: ModelView, bounds: Sequence[str]) -> Part | None:
        """The file cut into shards where its keys seem to be in order, each row on one line."""
        if not self.survey.is_plain or not self.sample(view, FEW).drop_nulls().is_sorted():
            return None
        cuts = cut_lines(self.path, self.start, self.survey.size, self.header.index(view.key), view, bounds)
        lines = tuple(self._number(cut) for cut in cuts)
        return CsvInOrder(self.named, self.header, self.path, (*cuts, self.survey.size), lines)

    def _number(self, place: int) -> int:
        """The number of the line that starts at a byte."""
        starts = pl.Series(self.survey.starts)
        block = int(starts.search_sorted(place, side="right")) - 1
        return self.survey.numbers[block] + piece(self.path, self.survey.starts[block], place).count(b"\n")

    def texts(self, view: ModelView) -> Iterator[TextTable]:
        """All rows, some at once."""
        for rows in csv_rows(self.path, self.start, self.number, self.header, self.named.file, self.named.table):
            yield text_table(rows, self.header, self.named, view)


def open_csv(path: Path, named: Named, view: ModelView, optional: Collection[str]) -> OpenedCsv:
    """Look at a CSV.

    Raises:
        TableFault: if it is not a whole CSV in UTF-8 with the model's columns.
    """
    survey = TextSurvey.of(path, named.file, named.table)
    lines = Lines(b"".join(islice(line_blocks(path), max(1, (1 << 20) // BLOCK))))
    records = Records(lines, named.file, named.table)
    _, first = next(records, (1, []))
    header = tuple(name.strip() for name in first)
    start, number = lines.place, lines.number
    check_header(header, named.file, named.table, list(view.rules), optional, islice(records, 20))
    return OpenedCsv(named, header, path, start, number, survey)


@dataclass(frozen=True)
class OpenedParquet:
    """A Parquet file."""

    named: Named
    header: tuple[str, ...]
    path: Path
    names: tuple[str, ...]
    n_rows: int

    def _keys(self, view: ModelView) -> pl.Series:
        name = self.names[self.header.index(view.key)]
        slices = parquet_slices(self.path, [name], self.named.file, self.named.table)
        keys = [declared_keys(part.to_series(), view) for part in slices]
        return pl.concat(keys) if keys else pl.Series(dtype=pl.String)

    def sample(self, view: ModelView, n: int) -> pl.Series:
        """About ``n`` keys from all over the file, in its order, null where one is malformed."""
        return self._keys(view).gather_every(max(1, self.n_rows // n))

    def in_order(self, view: ModelView, bounds: Sequence[str]) -> Part | None:
        """The file cut into shards where its keys are in order."""
        cuts = cut_keys(self._keys(view), bounds)
        if cuts is None:
            return None
        return ParquetInOrder(self.named, self.header, self.path, self.names, (*cuts, self.n_rows))

    def texts(self, view: ModelView) -> Iterator[TextTable]:
        """All rows, some at once."""
        at = 0
        names, header = declared(self.names, self.header, view)
        for frame in parquet_slices(self.path, names, self.named.file, self.named.table):
            frame.columns = header
            lines = pl.int_range(at + 1, at + frame.height + 1, dtype=pl.Int64, eager=True).alias("line")
            at += frame.height
            yield TextTable(self.named.table, self.named.stored_as, cells_of(frame, view), lines, self.header)


def open_parquet(path: Path, named: Named, view: ModelView, optional: Collection[str]) -> OpenedParquet:
    """Look at a Parquet file.

    Raises:
        TableFault: if it is damaged, has not the model's columns, or a column's type cannot be what is declared.
    """
    if piece(path, 0, 4) != b"PAR1":
        raise TableFault(
            named.table,
            f"{named.file} is not a Parquet file: give a CSV the name {named.table}.csv, or export it again",
        )
    try:
        with parquet_file(path) as parquet:
            n_rows, names = parquet.metadata.num_rows, tuple(parquet.schema_arrow.names)
    except (pyarrow.ArrowException, OSError):
        raise TableFault(named.table, f"{named.file} is a damaged or cut off Parquet file: deliver it again") from None
    header = tuple(name.strip() for name in names)
    check_header(header, named.file, named.table, list(view.rules), optional)
    own, known = declared(names, header, view)
    for frame in parquet_slices(path, own, named.file, named.table):
        frame.columns = known
        check_types(frame.select(name for name in view.rules if name in header), named.file, named.table, view)
        break
    return OpenedParquet(named, header, path, names, n_rows)


@dataclass(frozen=True)
class OpenedAtOnce:
    """A file of a statistics package: it can only be read at once."""

    named: Named
    table: TextTable

    @property
    def header(self) -> tuple[str, ...]:
        """Its columns."""
        return self.table.header

    @property
    def n_rows(self) -> int:
        """How many rows it has."""
        return self.table.n_rows

    def sample(self, view: ModelView, n: int) -> pl.Series:
        """About ``n`` keys from all over the file, in its order, null where one is malformed."""
        return declared_keys(self.table.frame[view.key], view).gather_every(max(1, self.n_rows // n))

    def in_order(self, view: ModelView, bounds: Sequence[str]) -> Part | None:
        """It is always parted."""
        return None

    def texts(self, view: ModelView) -> Iterator[TextTable]:
        """All rows, some at once."""
        for start in range(0, self.table.frame.height, ROWS):
            last = start + ROWS >= self.table.frame.height
            yield TextTable(
                self.named.table,
                self.named.stored_as,
                self.table.frame.slice(start, ROWS),
                self.table.lines.slice(start, ROWS),
                self.header,
                self.table.broken if last else (),
            )


def files_of(path: Path, table: str) -> list[tuple[Path, Named]]:
    """The files of a table: one, or the parts in its folder."""
    if not path.is_dir():
        return [(path, Named(table, path.name, path.name))]
    files = part_files(path, table)
    return [
        (file, Named(table, f"{path.name}/{name}", f"{path.name}/{file.name}"))
        for file, name in zip(files, part_names(files), strict=True)
    ]


def open_file(path: Path, named: Named, view: ModelView, optional: Collection[str]) -> Opened:
    """Look at one file of a table.

    Raises:
        TableFault: if it cannot be taken in as a whole.
    """
    try:
        if not path.stat().st_size:
            raise TableFault(named.table, f"{named.file} is empty (0 bytes): deliver it again")
        form = form_of(path.name) or ".csv"
        if form == ".csv":
            return open_csv(path, named, view, optional)
        if form == ".parquet":
            return open_parquet(path, named, view, optional)
    except OSError as error:
        raise TableFault(named.table, f"{named.file} cannot be read: {error.strerror}") from None
    text = read_file(path, named.file, view, named.table, optional, stored_as=named.stored_as)
    return OpenedAtOnce(named, text)
