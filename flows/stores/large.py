"""More rows of a partition than are held at once: its files are written one after the other, and committed together.

Delta's own writer takes rows in faster than it writes them, so that in the end it holds all of them.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.transaction import AddAction

from flows.project.storage import make_folder
from flows.stores.delta_files import is_table, open_table
from flows.stores.tidy import configuration
from schemas.reading.places import options

BATCHES = 10  # of a file
_PLAIN = re.compile(r"[\w.-]+")  # values that a folder's name and the log write in the same way


def replace_partition(
    folder: Path, partition: str, value: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> None:
    """Replace a partition of a table by rows in one commit; what was written is removed if that fails.

    Args:
        folder: the table; it is created if there is none.
        partition, value: the column, and its value in all rows.
        schema: of the rows.
        batches: the rows. They are held one batch at a time, each becomes a group of rows of a file.

    Raises:
        deltalake.exceptions.CommitFailedError: if another writer has changed the partition in the meantime.
    """
    kept = schema.remove(schema.get_field_index(partition))
    commit_files(folder, partition, value, schema, lambda place: _write(folder, place, kept, iter(batches)))


def commit_files(
    folder: Path,
    partition: str,
    value: str,
    schema: pa.Schema,
    files: Callable[[Callable[[int], str]], Iterable[NewFile]],
) -> None:
    """Replace a partition of a table by files in one commit; those that were made are removed if that fails.

    Args:
        folder, partition, value, schema: see :func:`replace_partition`.
        files: makes the files one by one; it is given what names each by its number, below ``folder``.
    """
    if not is_table(folder):
        DeltaTable.create(
            str(folder),
            Schema.from_arrow(schema),
            partition_by=[partition],
            configuration=configuration(),
            storage_options=options(folder),
        )
    table = open_table(folder)  # as it is now: what others change from here on is a conflict
    part = f"{partition}={value}" if _PLAIN.fullmatch(value) else str(uuid.uuid4())  # where a file lies says nothing
    make_folder(folder / part)
    written: list[NewFile] = []
    try:
        for file in files(lambda number: f"{part}/part-{number:05}-{uuid.uuid4()}.snappy.parquet"):
            written.append(file)
        table.create_write_transaction(
            [file.action(partition, value) for file in written],
            mode="overwrite",
            schema=table.schema(),
            partition_by=[partition],
            partition_filters=[(partition, "=", value)],
        )
    except BaseException:
        for file in written:
            with suppress(OSError):
                file.path.unlink()
        raise


@dataclass(frozen=True)
class NewFile:
    """A file that was written."""

    path: Path
    name: str
    size: int
    stats: dict[str, Any]

    def action(self, partition: str, value: str) -> AddAction:
        """What the log says of it."""
        now = int(time.time() * 1000)
        return AddAction(self.name, self.size, {partition: value}, now, True, json.dumps(self.stats))


def _write(
    folder: Path, place: Callable[[int], str], schema: pa.Schema, batches: Iterator[pa.RecordBatch]
) -> Iterator[NewFile]:
    """The files of a partition, each given when it is whole; the partition's own column stands in the log alone."""
    batch = next(batches, None)
    number = 0
    while batch is not None:
        name = place(number)
        path, stats = folder / name, _Stats()
        try:
            with path.open("wb") as file:
                with pq.ParquetWriter(file, schema, compression="snappy", store_schema=False) as writer:
                    for _ in range(BATCHES):
                        if batch is None:
                            break
                        rows = batch.select(schema.names)
                        writer.write_batch(rows, row_group_size=len(rows))
                        stats.add(rows)
                        batch = next(batches, None)
                size = file.tell()
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        yield NewFile(path, name, size, stats.found)
        number += 1


class _Stats:
    """What the log says of a file's columns, so that readers can leave files out."""

    def __init__(self) -> None:
        self.found: dict[str, Any] = {"numRecords": 0, "minValues": {}, "maxValues": {}, "nullCount": {}}

    def add(self, rows: pa.RecordBatch) -> None:
        """Count some rows."""
        frame = pl.DataFrame(rows)
        self.found["numRecords"] += frame.height
        least, most, empty = (self.found[name] for name in ("minValues", "maxValues", "nullCount"))
        for column in frame.iter_columns():
            if not (column.dtype.is_numeric() or column.dtype == pl.String):
                continue
            empty[column.name] = empty.get(column.name, 0) + column.null_count()
            if column.dtype.is_float():  # a bound of JSON cannot be infinite
                continue
            for bounds, bound, pick in ((least, column.min(), min), (most, column.max(), max)):
                if bound is not None:
                    bounds[column.name] = pick(bounds.get(column.name, bound), bound)
