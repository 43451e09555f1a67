"""A Delta table that is replaced part by part, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable, Schema, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError
from filelock import FileLock, Timeout

from flows.project.access import writing_in
from flows.project.paths import check_folder
from flows.stores.store import WHOLE, RowKey
from flows.stores.tidy import gather, tidy

if TYPE_CHECKING:
    from flows.stores.stream import Stream

CHECKPOINT = 20
"""Commits from one checkpoint to the next: to open a table reads each commit since the last, 0.4 ms or more a time."""
_COMPARED = 16  # figures of a value that are compared with a file's statistics


class StoreError(RuntimeError):
    """A published table could not be written; the table still holds its last good version."""


def is_table(folder: Path) -> bool:
    """Whether there is a Delta table.

    Raises:
        PermissionError: if the folder is not ours to read: Delta's library would say that there is none.
    """
    return (folder / "_delta_log").exists() and DeltaTable.is_deltatable(str(folder))


def read_delta(folder: Path, *, version: int | None = None, where: tuple[str, str] | None = None) -> pl.DataFrame:
    """The rows of a Delta table in a local folder, of a version or the last one, whatever the folder is called.

    Polars' own ``scan_delta`` takes the names of the files for URLs: it finds none below a folder with a space. Here
    the files are those that the table's log names, below ``folder``. pyarrow would read them too; to import it takes
    as long as the rest of a command that only looks.

    Args:
        where: a column of text and its value, the only rows to read: files of other partitions are not opened, nor
            files without the value by the log's statistics.
    """
    table = DeltaTable(str(check_folder(folder)), version=version)
    schema = pl.Schema(table.schema().to_arrow())
    files = pl.Series(table.get_add_actions(flatten=True)).struct.unnest()
    if where is not None:
        files = _files_with(files, *where)
    partitions = {name: files[f"partition.{name}"] for name in table.metadata().partition_columns}
    frames = [pl.DataFrame(schema=schema)]
    for index, path in enumerate(files["path"]):
        found = pl.scan_parquet(folder / unquote(path), glob=False, hive_partitioning=False)
        if where is not None and where[0] not in partitions:
            found = found.filter(pl.col(where[0]) == where[1])
        rows = found.collect()
        known = {name: values[index] for name, values in partitions.items()}  # written in the log alone
        rest = [pl.lit(known.get(name)).alias(name) for name in schema if name not in rows.columns]
        frames.append(rows.with_columns(rest).select(schema.names()).cast(schema))  # type: ignore[arg-type]
    return pl.concat(frames)


def _files_with(files: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """The files of a log that may hold a value. Statistics may be cut off, so their first figures are compared."""
    if f"partition.{column}" in files.columns:
        return files.filter(pl.col(f"partition.{column}") == value)
    least, most = (f"{bound}.{column}" for bound in ("min", "max"))
    if least not in files.columns:
        return files
    begins = pl.lit(value[:_COMPARED])
    inside = (pl.col(least).str.head(_COMPARED) <= begins) & (pl.col(most).str.head(_COMPARED) >= begins)
    return files.filter(inside.fill_null(value=True))


class PartitionedTable:
    """One Delta table whose partitions are replaced.

    Args:
        folder: where the table lives.
        partition: name of the partition column, a string; ``WHOLE`` where the table has none. Rows of a ``RowKey``
            stand in one file each at first and are gathered in fewer, without partitions.
        shared: whether those who may read published tables may read this one.
    """

    def __init__(self, folder: Path, partition: str, *, shared: bool = False) -> None:
        self.folder = check_folder(folder)
        self.partition, self.shared = partition, shared
        self.is_of_rows = isinstance(partition, RowKey)

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return is_table(self.folder)

    def conflicts(self, schema: pl.Schema) -> list[str]:
        """What keeps rows of ``schema`` out of the table: its columns that they lack or hold in another type, in words.

        A column that only they have is no conflict: the table takes it, and its older partitions read null there.
        """
        if not self.exists():
            return []
        offered = {field.name: field.type for field in Schema.from_arrow(schema).fields}
        found = []
        for field in DeltaTable(str(self.folder)).schema().fields:
            if field.name not in offered:
                found.append(f"column {field.name} is gone")
            elif offered[field.name] != field.type:
                found.append(f"column {field.name} is {_type(field.type)} there and {_type(offered[field.name])} here")
        return found

    def replace(self, value: str, rows: pl.DataFrame | Iterable[pl.DataFrame]) -> int:
        """Replace one partition in one commit and give the table's version.

        A writer that is killed leaves the rows before. Columns that the table does not have yet are added last, null in
        the other partitions. The caller has checked the rows against their contract.

        Args:
            value: the partition, or ``WHOLE``.
            rows: a frame, or frames of one schema, one at least. They are held one at a time, and the files that are
                written do not tell into how many frames the rows were parted.

        Raises:
            StoreError: if the rows belong elsewhere, another writer was faster, or a column is gone or has another
                type. The text of the underlying error is dropped because it can hold rows.
        """
        from flows.stores.stream import Stream  # not where a table is only read

        stream = Stream([rows] if isinstance(rows, pl.DataFrame) else rows, self._require_own(value))
        with writing_in(self.folder.parent, shared=True):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._alone():
                if conflicts := self.conflicts(stream.schema):
                    raise StoreError(
                        f"{self.folder.name}: {value} was not written: {'; '.join(conflicts)}; move {self.folder} "
                        "aside to begin a table of the new columns"
                    )
                with writing_in(self.folder, shared=self.shared):
                    self._add_columns(stream.schema)
                    self._write(value, stream)
        except (CommitFailedError, Timeout):
            raise StoreError(f"{self.folder.name}: {value} was written by another run at once; run it again") from None
        except (DeltaError, ValueError, TypeError) as error:
            if stream.fault is not None:
                raise stream.fault from None
            raise StoreError(f"{self.folder.name}: {value} was not written ({type(error).__name__})") from None
        return self._settled().version()

    def _require_own(self, value: str) -> Callable[[pl.DataFrame], None]:
        """What makes sure that rows belong to a partition."""

        def check(frame: pl.DataFrame) -> None:
            whole = self.partition == WHOLE
            if "'" in value or (value != WHOLE if whole else not (frame[self.partition] == value).all()):
                raise StoreError(f"{self.folder.name}: rows outside {self.partition}={value} cannot be written there")

        return check

    def _settled(self) -> DeltaTable:
        """The table after a write, its log summed up now and then; the rows are written, so nothing fails any more."""
        table = DeltaTable(str(self.folder))
        with suppress(DeltaError, OSError):
            if table.version() % CHECKPOINT == 0:
                table.create_checkpoint()
        return table

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait for other writers of single rows, which share files; those of partitions are in nobody's way."""
        if not self.is_of_rows:
            yield
            return
        with FileLock(self.folder.with_name(f".{self.folder.name}.lock"), timeout=60):
            yield

    def _write(self, value: str, stream: Stream) -> None:
        """Replace a part in one commit; a table of single rows is gathered first if an older version parted it."""
        if self.is_of_rows and self.exists() and DeltaTable(str(self.folder)).metadata().partition_columns:
            gather(self.folder, self.read())
        whole = self.partition == WHOLE
        write_deltalake(
            str(self.folder),
            stream.reader(),
            mode="overwrite",
            partition_by=None if whole or self.is_of_rows else [self.partition],
            predicate=None if whole else f"{self.partition} = '{value}'",
        )
        if self.is_of_rows:
            with suppress(DeltaError, OSError):  # the row is written; the next one tidies again
                tidy(self.folder)

    def _add_columns(self, schema: pl.Schema) -> None:
        """Add the columns that only ``schema`` has, nullable and last: ``schema_mode="merge"`` would reorder others."""
        if self.exists():
            table = DeltaTable(str(self.folder))
            known = {field.name for field in table.schema().fields}
            if new := [field for field in Schema.from_arrow(schema).fields if field.name not in known]:
                table.alter.add_columns(new)

    def remove(self, value: str) -> None:
        """Remove one partition, if the table has it.

        Raises:
            StoreError: if another writer was faster.
        """
        if self.exists() and self.read(value).height:
            try:
                DeltaTable(str(self.folder)).delete(f"{self.partition} = '{value}'")
            except DeltaError as error:
                raise StoreError(f"{self.folder.name}: {value} was not removed ({type(error).__name__})") from None

    def holds(self, value: str, column: str, text: str) -> int | None:
        """The number of a partition's rows if all of them have ``text`` in ``column``, else None; no row is kept."""
        if not self.exists():
            return 0
        files = pl.Series(DeltaTable(str(self.folder)).get_add_actions(flatten=True)).struct.unnest()
        n_rows = 0
        for path in _files_with(files, self.partition, value)["path"]:
            file = pl.scan_parquet(self.folder / unquote(path), glob=False, hive_partitioning=False)
            count, same = file.select(pl.len(), (pl.col(column) == text).all()).collect().row(0)
            if not same:
                return None
            n_rows += count
        return n_rows

    def read(self, value: str | None = None) -> pl.DataFrame:
        """The rows of one partition, or all."""
        return read_delta(self.folder, where=None if value is None else (self.partition, value))


def _type(kind: object) -> str:
    """A Delta type in a word where it has one."""
    return str(getattr(kind, "type", kind))
