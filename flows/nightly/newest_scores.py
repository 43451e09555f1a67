"""The newest scores of each person as one Parquet file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from flows.project.dates import check_date
from flows.project.paths import replace_file
from flows.stores.delta import PartitionedTable
from flows.stores.latest import latest_rows
from flows.study.study import Study
from mtl_models.data.dataset import PERSON


def write_latest(study: Study, file: Path, since: str = "") -> dict[str, Any]:
    """Write the newest scores of each person, in the order of the persons; a file that is there is replaced.

    Args:
        study: whose scores.
        file: what to write.
        since: the oldest date to look at; all if left out.

    Returns:
        Counts, by what they count.

    Raises:
        ValueError: if nothing was scored yet, or the tables are kept in a store of another kind.
    """
    store = study.tables.scores.store
    if not store.exists() or not isinstance(store, PartitionedTable):
        raise ValueError(f"{study.name} has no Delta table of scores: run `mtl-health score --study {study.name}`")
    dates = Counter[str]()

    def write(path: Path) -> None:
        import pyarrow.parquet as pq

        frames = latest_rows(store.folder, store.partition, PERSON, since=since and check_date(since))
        with pq.ParquetWriter(path, next(frames).to_arrow().schema, store_schema=False) as writer:
            for frame in frames:
                dates.update(dict(frame["score_date"].cast(str).value_counts().iter_rows()))
                writer.write_table(frame.to_arrow())

    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, write)
    span = f"{min(dates)} to {max(dates)}" if dates else "none"
    return {"people": dates.total(), "of dates": len(dates), "which are": span}
