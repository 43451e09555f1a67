"""Files that were written elsewhere as they are to stand in a Delta table: they are taken in, and not written again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from flows.stores.large import NewFile, commit_files
from schemas.reading.places import is_far, scan


@dataclass(frozen=True)
class ReadyFiles:
    """Parquet files of one partition's rows, without the partition's own column.

    Attributes:
        paths: the files, in the order of their rows.
        schema: the table's columns, the partition's own too. A file may lack some, which are null there then, and have
            an Enum or Categorical for a String.
        own: the partition's column and its value.
        bounded: columns of text in whose order a file's rows stand, each for itself. The table's log says from where to
            where a file goes, so that readers can leave files out.
    """

    paths: Sequence[Path]
    schema: pl.Schema
    own: pl.Expr
    bounded: Sequence[str] = ()
    fault: Exception | None = None

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """The rows, for a store that takes no files."""
        for path in self.paths:
            rows = scan(path).with_columns(self.own).collect()
            rest = (pl.lit(None, dtype).alias(name) for name, dtype in self.schema.items() if name not in rows.columns)
            yield rows.with_columns(rest).select(self.schema.names()).cast(self.schema)

    @property
    def arrow_schema(self) -> pa.Schema:
        """The same for Delta."""
        return pl.DataFrame(schema=self.schema).to_arrow().schema

    def take_in(self, folder: Path, partition: str, value: str) -> None:
        """Replace a partition of a table by the files in one commit.

        They stay where they are: the table has links to them, or copies where that cannot be.
        """

        def brought(place: Callable[[int], str]) -> Iterable[NewFile]:
            return (self._brought(source, folder, place(number)) for number, source in enumerate(self.paths))

        commit_files(folder, partition, value, self.arrow_schema, brought)

    def _brought(self, source: Path, folder: Path, name: str) -> NewFile:
        stats = self._stats(source)
        _bring(source, folder / name)
        return NewFile(folder / name, name, (folder / name).stat().st_size, stats)

    def _stats(self, file: Path) -> dict[str, Any]:
        texts = [pl.col(name).cast(pl.String) for name in self.bounded]
        found = scan(file).select(
            pl.len().alias("n"),
            pl.struct(text.first() for text in texts).alias("least"),
            pl.struct(text.last() for text in texts).alias("most"),
        )
        n_rows, least, most = found.collect().row(0)
        return {"numRecords": n_rows, "minValues": least, "maxValues": most}


def _bring(source: Path, target: Path) -> None:
    if not (is_far(source) or is_far(target)):
        try:
            os.link(source, target)
        except OSError:  # on another disk, or one without links
            shutil.copyfile(source, target)
        return
    with source.open("rb") as rows, target.open("wb") as copy:
        shutil.copyfileobj(rows, copy)
