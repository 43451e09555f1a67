"""A date's rows on their way from the scratch folder into the tables of what landed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from flows.nightly import shards
from flows.nightly.run import Run
from flows.nightly.shards import Work


def land(run: Run, work: Work, summary: dict[str, Any]) -> dict[str, int]:
    """Replace the date in the tables of what landed, and give the counts of its rows.

    Args:
        run, work: the run, and what it did.
        summary: of the validation of all rows.

    Raises:
        RuntimeError: if rows do not add up; nothing lands then.
    """
    tables = run.study.tables
    counts = {name: table["n_valid"] + table.get("n_late", 0) for name, table in summary["tables"].items()}
    found = shards.count_landed(work)
    if wrong := [name for name, count in counts.items() if found.get(name, 0) != count]:
        raise RuntimeError(
            f"rows do not add up, nothing landed: of {wrong[0]} {counts[wrong[0]]} rows are valid, and "
            f"{found.get(wrong[0], 0)} were kept to land"
        )
    tables.landed.land(run.date, _frames(run, work))
    row = {
        "landed_on": date.fromisoformat(run.date),
        "run_id": run.run_id,
        "n_rows": sum(counts.values()),
        "n_people": counts[run.study.contract.person_table],
        "n_late": sum(table.get("n_late", 0) for table in summary["tables"].values()),
        "landed_at": datetime.now(UTC),
    }
    tables.landings.publish(row)
    return {name: count for name, count in row.items() if name.startswith("n_")}


def _frames(run: Run, work: Work) -> Iterator[pl.DataFrame]:
    day, run_id = pl.lit(date.fromisoformat(run.date)).alias("landed_on"), pl.lit(run.run_id).alias("run_id")
    for frame in shards.landed_of(work):
        yield frame.with_columns(day, run_id)
