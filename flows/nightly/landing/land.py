"""A date's rows on their way from the scratch folder into the tables of what landed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from flows.nightly import shard_files
from flows.nightly.shard_files import Work


def land(work: Work, summary: dict[str, Any]) -> dict[str, Any]:
    """Replace a date in the tables of what landed, and give its row there.

    Args:
        work: what was done to the date's drop.
        summary: of the validation of all its rows.

    Raises:
        RuntimeError: if rows do not add up; nothing lands then.
    """
    tables = work.study.tables
    counts = {name: table["n_valid"] + table.get("n_late", 0) for name, table in summary["tables"].items()}
    found = shard_files.count_landed(work)
    if wrong := [name for name, count in counts.items() if found.get(name, 0) != count]:
        raise RuntimeError(
            f"rows do not add up, nothing landed: of {wrong[0]} {counts[wrong[0]]} rows are valid, and "
            f"{found.get(wrong[0], 0)} were kept to land"
        )
    day = date.fromisoformat(work.date)
    tables.landed.land(work.date, _frames(work, day))
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


def _frames(work: Work, day: date) -> Iterator[pl.DataFrame]:
    own = pl.lit(day).alias("landed_on"), pl.lit(work.run_id).alias("run_id")
    for frame in shard_files.landed_of(work):
        yield frame.with_columns(own)
