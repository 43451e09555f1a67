"""What a store of published tables is, and the kinds that there are: adding one is a file and a line here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mtl_models.registry import Registry

if TYPE_CHECKING:
    import polars as pl

    from flows.stores.ready import ReadyFiles

WHOLE = ""
"""The partition of a table that is replaced as a whole."""


class StoreError(RuntimeError):
    """A published table could not be written; the table still holds its last good version."""


class OvertakenError(StoreError):
    """Another writer was faster."""


class UnreachableError(StoreError):
    """The place of a table did not answer."""


class RowKey(str):
    """A partition column of which every value is one row: a store may keep many such rows in one file."""

    __slots__ = ()


@dataclass(frozen=True)
class Look:
    """What a partition holds, without its rows.

    Attributes:
        n_rows: how many rows.
        schema: their columns.
        empty: how many rows have no value, by column.
        first: the first row's text in a column that was asked for.
    """

    n_rows: int
    schema: pl.Schema
    empty: Mapping[str, int]
    first: str


class Store(Protocol):
    """One table, in partitions that are replaced whole or not at all.

    Whoever writes has checked the rows against their contract. What was written last stays readable while a writer
    works, and after it was killed.

    Args:
        folder: where the table lives.
        partition: name of the partition column, a string, or a date that is named in ISO form; :data:`WHOLE` where the
            table has none, a :class:`RowKey` where each is one row.
        shared: whether those who may read published tables may read this one.
    """

    folder: Path

    def __init__(self, folder: Path, partition: str, *, shared: bool = False) -> None: ...

    def exists(self) -> bool:
        """Whether anything was ever written."""

    def version(self) -> int | None:
        """The number of the table's state, by which it can be read again later; None where a store keeps one only."""

    def read(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, version: int | None = None
    ) -> pl.DataFrame:
        """The rows of one partition, or all; ``only`` those with a text in a column, so that no others are held.

        ``version`` is a number that :meth:`version` gave; the newest state if left out.
        """

    def frames(
        self, value: str | None = None, *, only: tuple[str, str] | None = None, columns: Sequence[str] | None = None
    ) -> Iterator[pl.DataFrame]:
        """The same in several frames, so that not all are held at once; ``columns`` are the only ones to read."""

    def replace(self, value: str, rows: pl.DataFrame | Iterable[pl.DataFrame] | ReadyFiles) -> int | None:
        """Replace one partition, or the whole table where it has none: ``value`` is :data:`WHOLE` then.

        Args:
            value: the partition.
            rows: a frame, or frames of one schema that are too many to be held at once, one at least. They may be
                files that hold them as they are to stand in the table: a store can take those instead.

        Returns:
            A version, see :meth:`version`, that has the rows.
        """

    def look(self, value: str, column: str, *, version: int | None = None) -> Look | None:
        """What a partition holds, None where it has no row: ``column`` is a text one. Its rows are not held."""

    def holds(self, value: str, column: str, text: str, *, version: int | None = None) -> int | None:
        """The number of a partition's rows if all of them have ``text`` in ``column``, else None."""

    def remove(self, value: str) -> None:
        """Remove one partition, if the table has it."""

    def conflicts(self, schema: pl.Schema) -> list[str]:
        """What keeps rows of ``schema`` out of the table, in words."""


STORES: Registry[type[Store]] = Registry("flows.stores", {"delta": "delta:PartitionedTable"})
"""The kinds of store by the name that ``store`` in params.yaml gives them."""
