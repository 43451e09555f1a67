"""Files opened where they lie: in a folder, or on a storage that is reached by URL, with few requests to it.

A place is a ``pathlib.Path``, or what behaves like one and is none, such as an ``UPath`` of universal_pathlib.
"""

from __future__ import annotations

import os
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import polars as pl

AT_ONCE = 64 << 20
"""Bytes of a far file that is fetched whole where many places of it are looked at: a request costs more than bytes."""
_BLOCK = 8 << 20  # of a far file that is read from its start on
_LOOK = 1 << 16  # of a larger one that is looked at here and there


def is_far(place: Path) -> bool:
    """Whether a place is reached by URL."""
    return not isinstance(place, Path)


def opened(file: Path) -> BufferedReader:
    """A file to be read from its start on."""
    return _far(file, cache_type="readahead", block_size=_BLOCK) if is_far(file) else file.open("rb")


def opened_anywhere(file: Path) -> BufferedReader:
    """A file to be read here and there."""
    if not is_far(file):
        return file.open("rb")
    if file.stat().st_size <= AT_ONCE:
        return _far(file, cache_type="all")
    return _far(file, cache_type="readahead", block_size=_LOOK)


def piece(file: Path, start: int, stop: int) -> bytes:
    """The bytes of a file between two places."""
    if is_far(file):
        far: Any = file
        return cast(bytes, far.fs.cat_file(far.path, start=start, end=stop)) if stop > start else b""
    with file.open("rb") as near:
        near.seek(start)
        return near.read(stop - start)


def parquet_file(file: Path) -> Any:
    """A Parquet file of which the end is read, which says what is in it."""
    import pyarrow.parquet  # to import it takes as long as a command that only looks

    return pyarrow.parquet.ParquetFile(_far(file, cache_type="readahead", block_size=_LOOK) if is_far(file) else file)


def scan(file: Path) -> pl.LazyFrame:
    """A Parquet file, of which only what is asked for is read. Its name is a name: no pattern, no partition."""
    import polars as pl  # not where a command only looks

    where = str(file) if is_far(file) else file
    return pl.scan_parquet(where, glob=False, hive_partitioning=False, storage_options=options(file))


def options(place: Path) -> dict[str, str] | None:
    """What Polars and Delta's library are told of a storage beside what they find in the environment."""
    if not is_far(place):
        return None
    return {"allow_http": "true"} if os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://") else {}


def _far(file: Path, **how: Any) -> BufferedReader:
    return cast(BufferedReader, cast(Any, file).open("rb", **how))
