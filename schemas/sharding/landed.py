"""Raw tables by shards, each shard with what landed of its people since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from schemas.fields import ModelView
from schemas.reading.text_table import TextTable
from schemas.sharding.plan import Plan, ShardedTable
from schemas.splitting.intake import landed_file, with_landed


@dataclass(frozen=True)
class WithLanded(ShardedTable):
    """A table of which rows landed.

    Attributes:
        landed: the file of these rows.
        bounds: the keys at which the shards behind the first begin.
    """

    landed: Path
    bounds: tuple[str, ...]

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard."""
        key, rows = pl.col(view.key), pl.scan_parquet(self.landed, glob=False)
        if shard > 0:
            rows = rows.filter(key >= self.bounds[shard - 1])
        if shard < len(self.bounds):
            rows = rows.filter(key < self.bounds[shard])
        return with_landed(super().text(shard, view), rows.collect(), view)


def taking_in(plan: Plan, folder: Path | None) -> Plan:
    """A plan whose tables have what landed of them in a folder."""
    if folder is None:
        return plan
    tables: dict[str, ShardedTable | None] = {}
    for name, table in plan.tables.items():
        file = landed_file(folder, name)
        if table is None or not file.is_file():
            tables[name] = table
            continue
        parts = (table.table, table.name, table.parts, table.names, table.is_folder)
        tables[name] = WithLanded(*parts, landed=file, bounds=plan.bounds)
    return replace(plan, tables=tables)
