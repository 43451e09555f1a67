"""A Delta table of single rows is kept in few files: small ones are gathered, and those that nothing needs removed."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from deltalake import DeltaTable, WriterProperties, write_deltalake
from deltalake.exceptions import DeltaError

from flows.stores.delta_files import open_table
from schemas.reading.places import is_far, options

MAX_FILES = 32
"""Small files of a table before they are made one: each takes 2 ms to read, and making one of them 0.1 s."""
SMALL = 2 * 2**20
"""Bytes from which a file is left as it is, so that old rows are not written again and again."""
LOG_RETENTION = timedelta(days=30)
"""What Delta's library keeps of the log where the table does not say it."""
AUDIT = timedelta(days=400)
"""What a new table keeps, until upkeep says otherwise."""
DENSE = WriterProperties(compression="ZSTD")
_UNITS = ("seconds", "minutes", "hours", "days", "weeks")


def configuration(audit: timedelta = AUDIT) -> dict[str, str]:
    """What a table says of its own versions: how long they are kept, and that its log is not cut by itself.

    By itself Delta's library cuts the log after 30 days, whenever somebody writes.
    """
    return {"delta.logRetentionDuration": f"interval {audit.days} days", "delta.enableExpiredLogCleanup": "false"}


def gather(folder: Path, frame: pl.DataFrame) -> None:
    """Write all rows of a partitioned table as one file without partitions, in one commit; its versions stay.

    The log of thousands of partitions is read no more: a checkpoint stands behind it.
    """
    write_deltalake(
        str(folder),
        frame,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=[],
        writer_properties=DENSE,
        storage_options=options(folder),
    )
    open_table(folder).create_checkpoint()


def tidy(folder: Path) -> None:
    """Make one file of many small ones, and remove what only versions need that the log no longer has to name."""
    table = open_table(folder)
    sizes = pl.Series(table.get_add_actions()).struct.field("size_bytes")
    if (sizes < SMALL).sum() > MAX_FILES:
        table.optimize.compact(target_size=SMALL, writer_properties=DENSE)
        _remove_dead(folder)


def _remove_dead(folder: Path) -> None:
    """Remove files that no version needs which was current within the log's retention.

    Delta's library forgets after a week when a file was replaced, and takes the file's own age instead. So the version
    with which the retention begins is named as one to keep: what was replaced since then is in it, or is younger.
    """
    kept = log_retention(open_table(folder))
    if kept is None:
        return
    first = open_table(folder)
    with suppress(DeltaError):  # the table is younger
        first.load_as_version(datetime.now(UTC) - kept)
        open_table(folder).vacuum(
            retention_hours=int(kept / timedelta(hours=1)),
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            keep_versions=[first.version()],
        )
        for place in () if is_far(folder) else folder.glob("*=*/"):
            with suppress(OSError):  # it still holds a file
                place.rmdir()


def log_retention(table: DeltaTable) -> timedelta | None:
    """How long a table's versions can be named, None where what the table says of it is not understood."""
    text = table.metadata().configuration.get("delta.logRetentionDuration")
    if text is None:
        return LOG_RETENTION
    found = re.fullmatch(r"(?:interval\s+)?(\d+)\s+([a-z]+?)s?", text.strip().lower())
    unit = f"{found[2]}s" if found else ""
    return timedelta(**{unit: int(found[1])}) if found and unit in _UNITS else None
