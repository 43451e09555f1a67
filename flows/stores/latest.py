"""The newest rows of each person of a table of dates, in one pass and with flat memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from flows.stores.delta_files import COMPARED, files_of, open_table
from schemas.reading.places import scan

ROWS = 100_000
"""People that are looked at together."""


def latest_rows(folder: Path, partition: str, key: str, *, since: str = "") -> Iterator[pl.DataFrame]:
    """The row of each key from the newest date that has it, in the order of the keys, behind a frame of no rows.

    The files of a date lie in the order of the keys, and are read a range of keys at a time: of a file only those
    groups of rows are opened that have some of it. Held are the rows of one range. It is one version of the table,
    whatever is written meanwhile.

    Args:
        folder: a Delta table.
        partition: its column of dates.
        key: a column that is one row a date.
        since: the oldest date to look at, in ISO form; all if left out.
    """
    table = open_table(folder)
    schema = pl.Schema(table.schema().to_arrow())
    date = pl.col(f"partition.{partition}").cast(pl.String)
    files = files_of(table).with_columns(date.alias("date")).filter(pl.col("date") >= since)
    files = files.sort("date", descending=True, maintain_order=True)
    yield pl.DataFrame(schema=schema)
    for low, high in _ranges(folder, files, key):
        seen = pl.Series(key, [], dtype=pl.String)
        found = [pl.DataFrame(schema=schema)]
        for (day,), held in _inside(files, key, low, high).group_by("date", maintain_order=True):
            value = pl.lit(str(day)).str.to_date() if schema[partition] == pl.Date else pl.lit(str(day))
            for path in held["path"]:
                rows = scan(folder / unquote(path)).filter(pl.col(key) >= low)
                rows = rows if high is None else rows.filter(pl.col(key) < high)
                new = rows.collect().filter(~pl.col(key).is_in(seen.implode())).with_columns(value.alias(partition))
                rest = [pl.lit(None).alias(name) for name in schema if name not in new.columns]
                found.append(new.with_columns(rest).select(schema.names()).cast(schema))  # type: ignore[arg-type]
            seen = pl.concat(frame[key] for frame in found)
        yield pl.concat(found).sort(key)


def _inside(files: pl.DataFrame, key: str, low: str, high: str | None) -> pl.DataFrame:
    """The files that may have keys of a range, by the log's statistics, which may be cut off."""
    least, most = f"min.{key}", f"max.{key}"
    if least not in files.columns:
        return files
    inside = pl.col(most).str.head(COMPARED) >= low[:COMPARED]
    if high is not None:
        inside &= pl.col(least).str.head(COMPARED) <= high[:COMPARED]
    return files.filter(inside.fill_null(value=True))


def _ranges(folder: Path, files: pl.DataFrame, key: str) -> Iterator[tuple[str, str | None]]:
    """Ranges of keys that have ``ROWS`` people each of the largest date."""
    if files.is_empty():
        return
    largest = files.group_by("date", maintain_order=True).agg(pl.col("num_records").sum(), "path").sort("num_records")
    marks = set[str]()
    for path in largest["path"][-1]:
        keys = scan(folder / unquote(path)).select(pl.col(key).sort().gather_every(ROWS)).collect()[key]
        marks |= set(keys)
    ends = sorted(marks)[1:]
    yield from zip(["", *ends], [*ends, None], strict=True)
