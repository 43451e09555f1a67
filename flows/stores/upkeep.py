"""Keeping Delta tables in order: small files made one, and what no version of the audit period needs removed."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from flows.stores.delta_files import is_table, open_table
from flows.stores.tidy import DENSE, SMALL, configuration
from schemas.reading.places import is_far


@dataclass(frozen=True)
class Upkeep:
    """What was done to a table.

    Attributes:
        compacted: small files that were made fewer.
        removed: files that no version needs any more.
        first: the oldest version that can still be read.
        last: the newest.
    """

    compacted: int
    removed: int
    first: int
    last: int

    @property
    def words(self) -> str:
        """In words."""
        versions = f"versions {self.first} to {self.last} can be read"
        return f"{self.compacted} small files compacted, {self.removed} files removed, {versions}"


def keep_up(folder: Path, audit: timedelta, named: Collection[int] = ()) -> Upkeep | None:
    """Compact a table and remove what only versions of before the audit period need; None where there is no table.

    Every version that was current at any time of the period can be read as before, and so can those that are named.
    Files of writers at work are younger than the period and stay.

    Args:
        folder: the table.
        audit: the period.
        named: further versions to keep, as far as they can still be read.

    Raises:
        ValueError: if another writer was faster; the table is as it was, or compacted.
    """
    if not is_table(folder):
        return None
    try:
        _set_retention(folder, audit)
        found = open_table(folder).optimize.compact(target_size=SMALL, writer_properties=DENSE)
        first = _first_of(folder, datetime.now(UTC) - audit)
        kept = sorted({first, *(version for version in named if _can_be_read(folder, version))})
        removed = open_table(folder).vacuum(
            retention_hours=int(audit / timedelta(hours=1)),
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            keep_versions=kept,
        )
        # a version is read from the checkpoint before it: the log goes up to that of the oldest version that is kept
        open_table(folder, kept[0]).create_checkpoint()
        if kept[0] == first:
            open_table(folder).cleanup_metadata()
    except DeltaError as error:
        raise ValueError(
            f"{folder.name} was not kept up ({type(error).__name__}): another run wrote it at once; run it again"
        ) from None
    for place in () if is_far(folder) else folder.glob("*=*/"):
        with suppress(OSError):  # it still holds a file
            place.rmdir()
    gone = [name for name in removed if not name.startswith("/")]  # such names are of files that went before
    return Upkeep(int(found["numFilesRemoved"]), len(gone), kept[0], open_table(folder).version())


def _set_retention(folder: Path, audit: timedelta) -> None:
    """Have the table say what is kept, if it does not yet."""
    table, wanted = open_table(folder), configuration(audit)
    held = table.metadata().configuration
    if missing := {name: value for name, value in wanted.items() if held.get(name) != value}:
        table.alter.set_table_properties(missing)


def _first_of(folder: Path, moment: datetime) -> int:
    """The version that was current at a moment, or the oldest that there is."""
    table = open_table(folder)
    try:
        table.load_as_version(moment)
    except DeltaError:  # the table is younger
        return _oldest(table)
    return table.version()


def _oldest(table: DeltaTable) -> int:
    entries = table.history()
    return min(int(entry["version"]) for entry in entries) if entries else table.version()


def _can_be_read(folder: Path, version: int) -> bool:
    try:
        open_table(folder, version)
    except (DeltaError, ValueError):
        return False
    return True
