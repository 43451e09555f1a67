"""Reading a Delta table wherever it lies, its log by Delta's library and its files by Polars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import unquote

import polars as pl
from deltalake import DeltaTable

from flows.project.storage import check_place, reaching
from schemas.reading.places import is_far, options, scan

COMPARED = 16  # figures of a value that are compared with a file's statistics


def open_table(folder: Path, version: int | None = None) -> DeltaTable:
    """A Delta table as it is now, or was in a version."""
    return DeltaTable(str(folder), version=version, storage_options=options(folder))


def is_table(folder: Path) -> bool:
    """Whether there is a Delta table.

    Raises:
        PermissionError: if the folder is not ours to read: Delta's library would say that there is none.
    """
    if is_far(folder):
        with reaching(folder):
            return DeltaTable.is_deltatable(str(folder), options(folder))
    return (folder / "_delta_log").exists() and DeltaTable.is_deltatable(str(folder))


def read_delta(
    folder: Path,
    *,
    version: int | None = None,
    where: tuple[str, str] | None = None,
    only: tuple[str, str] | None = None,
) -> pl.DataFrame:
    """The rows of a Delta table, of a version or the last one; see :func:`delta_frames`."""
    return pl.concat(delta_frames(folder, version=version, where=where, only=only))


def delta_frames(
    folder: Path,
    *,
    version: int | None = None,
    where: tuple[str, str] | None = None,
    only: tuple[str, str] | None = None,
    columns: Sequence[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """The rows of a Delta table file by file, behind a frame of none, whatever its folder is called.

    Polars' own ``scan_delta`` takes the names of the files for URLs: it finds none below a folder with a space. Here
    the files are those that the table's log names, below ``folder``. pyarrow would read them too; to import it takes
    as long as the rest of a command that only looks.

    Args:
        where: a column of text or of dates, and its value, the only rows to read: files of other
            partitions are not opened, nor files without the value by the log's statistics.
        only: a column that stands in the files, and its text in the only rows to keep.
        columns: the only ones to read; all if left out.
    """
    table = open_table(check_place(folder), version)
    schema = pl.Schema(table.schema().to_arrow())
    files = files_of(table, where)
    if only is not None:
        files = _files_with(files, *only)
    partitions = {name: files[f"partition.{name}"] for name in table.metadata().partition_columns}
    types = schema
    schema = schema if columns is None else pl.Schema({name: schema[name] for name in columns})
    yield pl.DataFrame(schema=schema)
    for index, path in enumerate(files["path"]):
        found = scan(folder / unquote(path))
        if where is not None and where[0] not in partitions:
            value = date.fromisoformat(where[1]) if types[where[0]] == pl.Date else where[1]
            found = found.filter(pl.col(where[0]) == value)
        if only is not None:
            found = found.filter(pl.col(only[0]) == only[1])
        if columns is not None:
            found = found.select(pl.selectors.by_name(*columns, require_all=False))
        rows = found.collect()
        known = {name: values[index] for name, values in partitions.items()}  # written in the log alone
        rest = [pl.lit(known.get(name)).alias(name) for name in schema if name not in rows.columns]
        yield rows.with_columns(rest).select(schema.names()).cast(schema)  # type: ignore[arg-type]


def files_of(table: DeltaTable, where: tuple[str, str] | None = None) -> pl.DataFrame:
    """The files of a table with what its log says of each; ``where``: those that may hold a column's value."""
    files = pl.Series(table.get_add_actions(flatten=True)).struct.unnest()
    return files if where is None else _files_with(files, *where)


def _files_with(files: pl.DataFrame, column: str, value: str) -> pl.DataFrame:
    """Statistics may be cut off, so their first figures are compared."""
    if f"partition.{column}" in files.columns:
        return files.filter(pl.col(f"partition.{column}").cast(pl.String) == value)
    least, most = (f"{bound}.{column}" for bound in ("min", "max"))
    if least not in files.columns:
        return files
    begins = pl.lit(value[:COMPARED])
    first, last = (pl.col(name).cast(pl.String).str.head(COMPARED) for name in (least, most))
    inside = (first <= begins) & (last >= begins)
    return files.filter(inside.fill_null(value=True))
