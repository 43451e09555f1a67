"""A Delta table that is replaced partition by partition, whole or not at all."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from deltalake import DeltaTable, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError


class StoreError(RuntimeError):
    """A published table could not be written; the table still holds its last good version."""


class PartitionedTable:
    """One Delta table whose partitions are replaced.

    Args:
        folder: where the table lives.
        partition: name of the partition column, a string.
    """

    def __init__(self, folder: Path, partition: str) -> None:
        self.folder = folder
        self.partition = partition

    def exists(self) -> bool:
        """Whether anything was ever written."""
        return DeltaTable.is_deltatable(str(self.folder))

    def replace(self, value: str, frame: pl.DataFrame) -> int:
        """Replace one partition by ``frame`` in one commit and give the table's new version.

        A writer that is killed leaves the version before. The caller has checked ``frame`` against its contract:
        Delta casts a wrong type in silence.

        Raises:
            StoreError: if the rows belong elsewhere, another writer was faster, or the columns changed. The text of
                the underlying error is dropped because it can hold rows.
        """
        if "'" in value or not (frame[self.partition] == value).all():
            raise StoreError(f"{self.folder.name}: rows outside {self.partition}={value} cannot be written there")
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_deltalake(
                str(self.folder),
                frame,
                mode="overwrite",
                partition_by=[self.partition],
                predicate=f"{self.partition} = '{value}'",
            )
        except CommitFailedError:
            raise StoreError(f"{self.folder.name}: {value} was written by another run at once; run it again") from None
        except (DeltaError, ValueError, TypeError) as error:
            raise StoreError(
                f"{self.folder.name}: {value} was not written ({type(error).__name__}); if columns changed, move "
                f"{self.folder} aside and score again"
            ) from None
        return DeltaTable(str(self.folder)).version()

    def read(self, value: str | None = None) -> pl.DataFrame:
        """The rows of one partition, or all."""
        frame = pl.scan_delta(str(self.folder))
        return (frame if value is None else frame.filter(pl.col(self.partition) == value)).collect()
