"""The partitions that a published table has, found out from its log: no row is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from flows.stores.published import PublishedTable


def held(table: PublishedTable) -> set[str]:
    """The values of a table's partition column, as text; none where it was never written."""
    if not table.exists():
        return set()
    from flows.stores.dates import as_text
    from flows.stores.delta_files import open_table

    files = pl.Series(open_table(table.folder).get_add_actions(flatten=True)).struct.unnest()
    return set(as_text(files[f"partition.{table.partition}"]))


def newest(table: PublishedTable) -> str | None:
    """The last of them."""
    return max(held(table), default=None)
