"""A date's rows on their way from the scratch folder into the tables of what landed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from flows.nightly import shard_files
from flows.nightly.shard_files import Work
from flows.stages.splitting import content
from flows.stores.tables import Tables
from schemas.reading.places import parquet_file
from schemas.splitting.side_by_side import is_cell

TOGETHER = 100_000  # rows of a date that are written as one file; of more, each file is taken in as it is


def land(work: Work, summary: dict[str, Any], tables: Tables | None = None) -> dict[str, Any]:
    """Replace a date in the tables of what landed, and give its row there.

    Args:
        work: what was done to the date's drop.
        summary: of the validation of all its rows.
        tables: instead of the study's own.

    Raises:
        RuntimeError: if rows do not add up; nothing lands then.
    """
    tables = tables or work.study.tables
    counts = {name: table["n_valid"] + table.get("n_late", 0) for name, table in summary["tables"].items()}
    files = shard_files.landed_files(work)
    found, n_cells = Counter[str](), 0
    for name, file in files:
        look = parquet_file(file)
        found[name] += look.metadata.num_rows
        n_cells = max(n_cells, sum(map(is_cell, look.schema_arrow.names)))
    if wrong := [name for name, count in counts.items() if found.get(name, 0) != count]:
        raise RuntimeError(
            f"rows do not add up, nothing landed: of {wrong[0]} {counts[wrong[0]]} rows are valid, and "
            f"{found.get(wrong[0], 0)} were kept to land"
        )
    day = date.fromisoformat(work.date)
    if found.total() > TOGETHER:
        tables.landed.land_files(work.date, [file for _, file in files], n_cells)
    else:
        tables.landed.land(work.date, (pl.read_parquet(content(file)) for _, file in files))
    row = {
        "landed_on": day,
        "run_id": work.run_id,
        "n_rows": sum(counts.values()),
        "n_people": counts[work.study.contract.person_table],
        "n_late": sum(table.get("n_late", 0) for table in summary["tables"].values()),
        "landed_at": datetime.now(UTC),
    }
    tables.landings.publish(row)
    return row
