"""A Delta table that is replaced part by part, whole or not at all."""

from __future__ import annotations

import errno
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from filelock import FileLock, Timeout

from flows.project.access import writing_in
from flows.project.storage import check_place, make_folder
from flows.stores.dates import as_text, is_moved, move_to_dates
from flows.stores.delta_files import delta_frames, files_of, is_table, open_table, read_delta
from flows.stores.delta_look import look_at
from flows.stores.store import WHOLE, Look, OvertakenError, RowKey, StoreError, UnreachableError
from flows.stores.tidy import configuration, gather, tidy
from schemas.reading.places import is_far, options, scan

if TYPE_CHECKING:
    from datetime import timedelta

    from flows.stores.ready import ReadyFiles
    from flows.stores.stream import Stream
    from flows.stores.upkeep import Upkeep

ROUNDS = 8  # so often a row is written anew when another run writes its own on a storage
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
CHECKPOINT = 20
"""Commits from one checkpoint to the next: to open a table reads each commit since the last, 0.4 ms or more a time."""


class PartitionedTable:
    """One Delta table whose partitions are replaced.

    Args:
        folder: where the table lives.
        partition: name of the partition column, a string or a date; ``WHOLE`` where the table has none. Rows of a
            ``RowKey`` stand in one file each at first and are gathered in fewer, without partitions.
        shared: whether those who may read published tables may read this one.
    """

    def __init__(self, folder: Path, partition: str, *, shared: bool = False) -> None:
        self.folder = check_place(folder)
        self.partition, self.shared = partition, shared
        self.is_of_rows = isinstance(partition, RowKey)

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return is_table(self.folder)

    def version(self) -> int | None:
        """The number of the newest version; None where nothing was written."""
        return open_table(self.folder).version() if self.exists() else None

    def conflicts(self, schema: pl.Schema) -> list[str]:
        """What keeps rows of ``schema`` out of the table: its columns that they lack or hold in another type, in words.

        A column that only they have is no conflict: the table takes it, and its older partitions read null there. Nor
        is a partition of text that is one of dates in them: the table is moved over.
        """
        if not self.exists():
            return []
        offered = {field.name: field.type for field in Schema.from_arrow(schema).fields}
        found = []
        for field in open_table(self.folder).schema().fields:
            if field.name not in offered:
                found.append(f"column {field.name} is gone")
            elif field.name == self.partition and is_moved(field.type, offered[field.name]):
                continue
            elif offered[field.name] != field.type:
                found.append(f"column {field.name} is {_type(field.type)} there and {_type(offered[field.name])} here")
        return found

    def replace(self, value: str, rows: pl.DataFrame | Iterable[pl.DataFrame] | ReadyFiles) -> int:
        """Replace one partition in one commit and give the table's version.

        A writer that is killed leaves the rows before. Columns that the table does not have yet are added last, null in
        the other partitions. The caller has checked the rows against their contract.

        Args:
            value: the partition, or ``WHOLE``.
            rows: a frame, or frames of one schema, one at least. They are held one at a time, and the files that are
                written do not tell into how many frames the rows were parted. Or files that are taken in as they are.

        Raises:
            StoreError: if the rows belong elsewhere, another writer was faster, or a column is gone or has another
                type. The text of the underlying error is dropped because it can hold rows.
        """
        left = ROUNDS if self.is_of_rows and is_far(self.folder) and isinstance(rows, pl.DataFrame) else 1
        while True:
            left -= 1
            try:
                return self._replace(value, rows)
            except OvertakenError:  # by the row of another run: both belong into the table
                if not left:
                    raise

    def _replace(self, value: str, rows: pl.DataFrame | Iterable[pl.DataFrame] | ReadyFiles) -> int:
        from flows.stores.ready import ReadyFiles  # not where a table is only read
        from flows.stores.stream import Stream

        if isinstance(rows, ReadyFiles):
            stream: Stream | ReadyFiles = rows
        else:
            stream = Stream([rows] if isinstance(rows, pl.DataFrame) else rows, self._require_own(value))
        with writing_in(self.folder.parent, shared=True):
            make_folder(self.folder.parent)
        try:
            with self._alone():
                if conflicts := self.conflicts(stream.schema):
                    raise StoreError(
                        f"{self.folder.name}: {value} was not written: {'; '.join(conflicts)}; move {self.folder} "
                        "aside to begin a table of the new columns"
                    )
                with writing_in(self.folder, shared=self.shared):
                    if stream.schema.get(self.partition) == pl.Date and self.exists():
                        move_to_dates(self.folder, self.partition)
                    self._add_columns(stream.schema)
                    self._write(value, stream)
        except (CommitFailedError, Timeout):
            said = f"{self.folder.name}: {value} was written by another run at once; run it again"
            raise OvertakenError(said) from None
        except (DeltaError, ValueError, TypeError, OSError) as error:
            if stream.fault is not None and stream.fault is not error:
                raise stream.fault from None
            if stream.fault is error or (isinstance(error, OSError) and not (_is_full(error) or is_far(self.folder))):
                raise
            unreached = isinstance(error, OSError) and not _is_full(error)
            kind = UnreachableError if unreached else StoreError
            raise kind(f"{self.folder.name}: {value} was not written, {self._why(error)}") from None
        return self._settled().version()

    def _why(self, error: Exception) -> str:
        """What keeps a part from being written; the error's own text may hold rows."""
        if _is_full(error):
            return f"there is no space left for {self.folder}; the table is as it was: make room and run it again"
        if isinstance(error, OSError):
            return f"{self.folder} could not be reached ({type(error).__name__}); the table is as it was"
        return f"for a fault that is not ours ({type(error).__name__}); the table is as it was"

    def _require_own(self, value: str) -> Callable[[pl.DataFrame], None]:
        """What makes sure that rows belong to a partition."""

        def check(frame: pl.DataFrame) -> None:
            whole = self.partition == WHOLE
            if "'" in value or (value != WHOLE if whole else not (as_text(frame[self.partition]) == value).all()):
                raise StoreError(f"{self.folder.name}: rows outside {self.partition}={value} cannot be written there")

        return check

    def _settled(self) -> DeltaTable:
        """The table after a write, its log summed up now and then; the rows are written, so nothing fails any more."""
        table = open_table(self.folder)
        with suppress(DeltaError, OSError):
            if table.version() % CHECKPOINT == 0:
                table.create_checkpoint()
        return table

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for other writers of single rows, which share files; those of partitions are in nobody's way."""
        if not self.is_of_rows or is_far(self.folder):  # on a storage the commit itself finds another writer out
            yield
            return
        with FileLock(self.folder.with_name(f".{self.folder.name}.lock"), timeout=60):
            yield

    def _write(self, value: str, stream: Stream | ReadyFiles) -> None:
        """Replace a part in one commit; a table of single rows is gathered first if an older version parted it."""
        if self.is_of_rows and self.exists() and open_table(self.folder).metadata().partition_columns:
            gather(self.folder, self.read())
        from flows.stores.stream import Stream

        if not isinstance(stream, Stream):
            stream.take_in(self.folder, self.partition, value)
            return
        whole = self.partition == WHOLE
        if not (whole or self.is_of_rows) and stream.is_long():
            from flows.stores.large import replace_partition  # not where a table is only read

            replace_partition(self.folder, self.partition, value, stream.arrow_schema, stream.batches())
            return
        write_deltalake(
            str(self.folder),
            stream.reader(),
            mode="overwrite",
            partition_by=None if whole or self.is_of_rows else [self.partition],
            predicate=None if whole else f"{self.partition} = '{value}'",
            configuration=None if self.exists() else configuration(),
            storage_options=options(self.folder),
        )
        if self.is_of_rows:
            with suppress(DeltaError, OSError):  # the row is written; the next one tidies again
                tidy(self.folder)

    def _add_columns(self, schema: pl.Schema) -> None:
        """Add the columns that only ``schema`` has, nullable and last: ``schema_mode="merge"`` would reorder others."""
        if self.exists():
            table = open_table(self.folder)
            known = {field.name for field in table.schema().fields}
            if new := [field for field in Schema.from_arrow(schema).fields if field.name not in known]:
                table.alter.add_columns(new)

    def keep_up(self, audit: timedelta, named: Collection[int] = ()) -> Upkeep | None:
        """Compact the table and remove what no version of the audit period needs, see :mod:`flows.stores.upkeep`."""
        from flows.stores.upkeep import keep_up

        with self._alone(), writing_in(self.folder, shared=self.shared):
            return keep_up(self.folder, audit, named)

    def remove(self, value: str) -> None:
        """Remove one partition, if the table has it.

        Raises:
            StoreError: if another writer was faster.
        """
        if self.exists() and files_of(open_table(self.folder), (self.partition, value)).height:
            try:
                open_table(self.folder).delete(f"{self.partition} = '{value}'")
            except DeltaError as error:
                raise StoreError(f"{self.folder.name}: {value} was not removed ({type(error).__name__})") from None

    def look(self, value: str, column: str, *, version: int | None = None) -> Look | None:
        """What a partition holds, None where it has no row; ``column``: a text one, of which the first row is shown."""
        return look_at(self.folder, (self.partition, value), column, version) if self.exists() else None

    def holds(self, value: str, column: str, text: str, *, version: int | None = None) -> int | None:
        """The number of a partition's rows if all of them have ``text`` in ``column``, else None; no row is kept."""
        if not self.exists():
            return 0
        table = open_table(self.folder, version)
        if column not in {field.name for field in table.schema().fields}:
            return None
        n_rows = 0
        for path in files_of(table, (self.partition, value))["path"]:
            file = scan(self.folder / unquote(path))
            count, same = file.select(pl.len(), (pl.col(column) == text).all()).collect().row(0)
            if not same:
                return None
            n_rows += count
        return n_rows

    def read(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The rows of one partition, or all; ``only`` those with a text in a column, so that no others are held."""
        where = None if value is None else (self.partition, value)
        return read_delta(self.folder, version=version, where=where, only=only)

    def frames(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """The same rows file by file, and of them some columns alone if they are named."""
        where = None if value is None else (self.partition, value)
        return delta_frames(self.folder, where=where, only=only, columns=columns)


def _is_full(error: Exception) -> bool:
    """Whether a disk is full, or a file may not grow: the libraries hand on what the system said."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return any(f"(os error {number})" in str(error) for number in _FULL)


def _type(kind: object) -> str:
    """A Delta type in a word where it has one."""
    return str(getattr(kind, "type", kind))
