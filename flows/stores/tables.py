"""The published tables of a study: scores, rejects, runs and what landed, each checked before it is written.

Their contracts are imported where a table is written: to read one takes a third of the time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.stores.landed import LandedTable, Landings, PartTable
from flows.stores.published import PublishedTable, dtypes
from flows.stores.store import RowKey


class ScoreTable(PublishedTable):
    """Scores by date; the contract is the caller's, derived from the tasks."""

    shared = True

    name, partition = "scores", "score_date"

    def publish(self, date: str, frame: pl.DataFrame, schema: Any) -> None:
        """Check and replace one date."""
        from schemas.published import check_published

        check_published(frame, schema)
        self.replace(date, frame)


class RejectTable(PublishedTable):
    """Rows that were rejected and people outside the cohort, by batch.

    A batch is a date, ``training``, or ``<date>-stopped``: what was rejected of a drop that a limit stopped. Scores of
    that date, if there are any, are of an earlier drop, and so are its other rejects.
    """

    name, partition = "rejects", "batch"

    def publish(self, batch: str, frame: pl.DataFrame) -> int | None:
        """Check and replace one batch, and give a version of the table that has it."""
        from schemas.published import Rejects, check_published

        check_published(frame, Rejects)
        return self.replace(batch, frame)

    def publish_stopped(self, date: str, frames: Iterable[pl.DataFrame] | None) -> str:
        """Replace what is kept of a drop that was stopped, and give its batch; None where no row was rejected."""
        from schemas.published import Rejects, check_published

        def checked() -> Iterator[pl.DataFrame]:
            for frame in frames or ():
                check_published(frame, Rejects)
                yield frame

        if frames is None:
            self.remove(stopped(date))
        else:
            self.replace(stopped(date), checked())
        return stopped(date)


class RunLedger(PublishedTable):
    """One row a run: what went in, what came out, with which model."""

    shared = True

    name, partition = "runs", RowKey("run_id")

    def publish(self, run: dict[str, Any]) -> None:
        """Record a run; the same run again replaces its row."""
        from schemas.published import Runs, check_published

        frame = pl.DataFrame([run], schema=dtypes(Runs))
        check_published(frame, Runs)
        self.replace(run["run_id"], frame)

    def find(self, run_id: str) -> dict[str, Any] | None:
        """The row of a run, if it finished."""
        if not self.exists():
            return None
        rows = self.read(run_id)
        return rows.row(0, named=True) if rows.height else None

    def last(self, batch: str) -> dict[str, Any] | None:
        """The row of the last run of `score` of a date: what it published is the date's state."""
        if not self.exists():
            return None
        rows = self.read(only=("batch", batch)).filter(pl.col("flow") == "score").sort("finished_at")
        return rows.row(-1, named=True) if rows.height else None


class WatchedTable(PublishedTable):
    """What was watched of each night, by date: counts and figures."""

    shared = True

    name, partition = "watched", "score_date"

    def publish(self, date: str, frame: pl.DataFrame) -> None:
        """Check and replace one date."""
        from schemas.published import Watched, check_published

        check_published(frame, Watched)
        self.replace(date, frame)


@dataclass(frozen=True)
class Tables:
    """The published tables of a study."""

    scores: ScoreTable
    rejects: RejectTable
    runs: RunLedger
    landed: LandedTable
    landings: Landings
    parts: PartTable
    watched: WatchedTable

    @classmethod
    def of(cls, folder: Path, store: str) -> Tables:
        """Those below a folder, in one kind of store."""
        return cls(
            ScoreTable(folder, store),
            RejectTable(folder, store),
            RunLedger(folder, store),
            LandedTable(folder, store),
            Landings(folder, store),
            PartTable(folder, store),
            WatchedTable(folder, store),
        )


def stopped(date: str) -> str:
    """The batch of the rejects of a drop that a limit stopped."""
    return f"{date}-stopped"
