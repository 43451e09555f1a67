"""What the published tables of a study have in common: a name, a partition, and a store behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from flows.stores.store import STORES, Store


class PublishedTable:
    """A published table in a store.

    Args:
        tables: the folder of the study's tables.
        store: the kind of the store.
    """

    name: ClassVar[str]
    partition: ClassVar[str]
    shared: ClassVar[bool] = False

    def __init__(self, tables: Path, store: str = "delta") -> None:
        self.store: Store = STORES[store](tables / self.name, self.partition, shared=self.shared)
        self.folder = self.store.folder
        self.exists, self.read, self.remove = self.store.exists, self.store.read, self.store.remove
        self.look = self.store.look
        self.replace, self.conflicts = self.store.replace, self.store.conflicts


def dtypes(model: Any) -> dict[str, Any]:
    """The columns of a contract with their types."""
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}
