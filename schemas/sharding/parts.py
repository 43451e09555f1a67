"""One file of a table, of which a shard's rows can be had: as it lies there if its keys are in order, else parted."""

from __future__ import annotations

import io
import pickle
import shutil
import struct
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from schemas.fields import ModelView
from schemas.reading.csv_blocks import read_rows
from schemas.reading.csv_lines import Lines
from schemas.reading.csv_rows import Rows
from schemas.reading.places import is_far, opened, piece
from schemas.reading.repeating import Repeating
from schemas.reading.source import read_file
from schemas.reading.text_table import BrokenRow, TextTable
from schemas.sharding.blocks import cells_of, declared, parquet_rows
from schemas.sharding.keys import declared_keys, shards_of


@dataclass(frozen=True)
class Named:
    """What a file is called.

    Attributes:
        table: the table that it holds, or a part of.
        file: its name in errors.
        stored_as: its name in rejects.
    """

    table: str
    file: str
    stored_as: str


class Part(Protocol):
    """One file of a table."""

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard."""


@dataclass(frozen=True)
class WholeFile:
    """A file that is read at once; it has one shard."""

    named: Named
    path: Path
    optional: frozenset[str]

    def text(self, shard: int, view: ModelView) -> TextTable:
        """All its rows."""
        named = self.named
        return read_file(self.path, named.file, view, named.table, self.optional, stored_as=named.stored_as)


@dataclass(frozen=True)
class CsvInOrder:
    """A CSV whose rows lie in the order of their keys: a shard is a range of its bytes.

    Attributes:
        cuts: the byte at which each shard starts, and the end of the file.
        lines: the number of the line that starts there.
    """

    named: Named
    header: tuple[str, ...]
    path: Path
    cuts: tuple[int, ...]
    lines: tuple[int, ...]

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard."""
        lines = Lines(piece(self.path, self.cuts[shard], self.cuts[shard + 1]))
        lines.move(0, self.lines[shard])
        known = Repeating.of(self.named.table, self.header)
        rows = read_rows(lines, self.header, self.named.file, self.named.table, repeating=known.columns or ())
        known.learn(rows.frame, view.key)
        return text_table(rows, self.header, self.named, view)


@dataclass(frozen=True)
class ParquetInOrder:
    """A Parquet file whose rows lie in the order of their keys: a shard is a range of its rows.

    Attributes:
        names: its columns as they are written there.
        rows: the number of the row at which each shard starts, and how many there are.
    """

    named: Named
    header: tuple[str, ...]
    path: Path
    names: tuple[str, ...]
    rows: tuple[int, ...]

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard."""
        start, stop = self.rows[shard : shard + 2]
        names, header = declared(self.names, self.header, view)
        frame = parquet_rows(self.path, names, start, stop - start, self.named.file, self.named.table)
        frame.columns = header
        lines = pl.int_range(start + 1, stop + 1, dtype=pl.Int64, eager=True).alias("line")
        return TextTable(self.named.table, self.named.stored_as, cells_of(frame, view), lines, self.header)


def text_table(rows: Rows, header: tuple[str, ...], named: Named, view: ModelView) -> TextTable:
    """Rows of a CSV as a table."""
    frame = rows.frame.select(name for name in view.rules if name in set(header))
    broken = tuple(replace(row, file=named.stored_as) for row in rows.broken)
    return TextTable(named.table, named.stored_as, frame, rows.lines, header, broken)


@dataclass(frozen=True)
class Pieces:
    """The rows of a file, parted by shards and written as text into a folder of their own: they were in no order."""

    named: Named
    header: tuple[str, ...]
    folder: Path

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard, in the order of the file."""
        frames, broken = [], list[BrokenRow]()
        for frame, rows in _read_pieces(self.folder / str(shard)):
            frames.append(frame)
            broken += rows
        columns = [name for name in view.rules if name in set(self.header)]
        if frames:
            frame = pl.concat(frames).rechunk()
        else:
            frame = pl.DataFrame(schema={**dict.fromkeys(columns, pl.String), _LINE: pl.Int64})
        return TextTable(
            self.named.table,
            self.named.stored_as,
            frame.select(columns),
            frame[_LINE].alias("line"),
            self.header,
            tuple(broken),
        )


_LINE = "line number"
_SIZE = struct.Struct("<Q")


def part_by_person(
    texts: Iterable[TextTable],
    header: tuple[str, ...],
    view: ModelView,
    bounds: Sequence[str],
    named: Named,
    folder: Path,
) -> Pieces:
    """Write the rows of a file by shards into ``folder``.

    Args:
        texts: the file, some rows at once.
        header: its columns.
        view: the table's rules.
        bounds: the keys at which shards begin.
        named: what the file is called.
        folder: a new folder.
    """
    if is_far(folder):  # nothing can be added to a far file: the pieces are made here, and sent when they are whole
        with tempfile.TemporaryDirectory() as near:
            _write_pieces(texts, view, bounds, Path(near))
            for file in Path(near).iterdir():
                with file.open("rb") as source, (folder / file.name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 24)
    else:
        folder.mkdir(parents=True)
        _write_pieces(texts, view, bounds, folder)
    return Pieces(named, header, folder)


def _write_pieces(texts: Iterable[TextTable], view: ModelView, bounds: Sequence[str], folder: Path) -> None:
    for text in texts:
        shards = pl.Series("shard", shards_of(declared_keys(text.frame[view.key], view), bounds))
        rows = text.frame.with_columns(text.lines.alias(_LINE), shards)
        frames = {int(str(shard)): part for (shard,), part in rows.group_by("shard", maintain_order=True)}
        broken = _broken_by_shard(text, view, bounds)
        for shard in sorted({*frames, *broken}):
            _append(folder / str(shard), frames.get(shard, rows.clear()).drop("shard"), broken.get(shard, []))


def _broken_by_shard(text: TextTable, view: ModelView, bounds: Sequence[str]) -> dict[int, list[BrokenRow]]:
    place = text.header.index(view.key)
    cells = [row.fields[place] if place < len(row.fields) else None for row in text.broken]
    shards = shards_of(declared_keys(pl.Series(cells, dtype=pl.String), view), bounds)
    rows: dict[int, list[BrokenRow]] = {}
    for shard, row in zip(shards.tolist(), text.broken, strict=True):
        rows.setdefault(shard, []).append(row)
    return rows


def _append(path: Path, frame: pl.DataFrame, broken: list[BrokenRow]) -> None:
    """Add a piece to a file: the length of its rows, the rows, the length of its broken rows, the broken rows."""
    stream = io.BytesIO()
    frame.rechunk().write_ipc_stream(stream, compression="lz4")
    with path.open("ab") as file:
        for content in (stream.getvalue(), pickle.dumps(broken)):
            file.write(_SIZE.pack(len(content)))
            file.write(content)


def _read_pieces(path: Path) -> Iterator[tuple[pl.DataFrame, list[BrokenRow]]]:
    if not path.exists():
        return
    with opened(path) as file:
        while size := file.read(_SIZE.size):
            frame = pl.read_ipc_stream(io.BytesIO(file.read(_SIZE.unpack(size)[0])))
            (length,) = _SIZE.unpack(file.read(_SIZE.size))
            yield frame, pickle.loads(file.read(length))
