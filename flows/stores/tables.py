"""The published tables of a study: scores, rejects and the ledger of runs, each checked before it is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from flows.stores.delta import PartitionedTable
from schemas.published import Rejects, Runs, check_published


class ScoreTable(PartitionedTable):
    """Scores by date; the contract is the caller's, derived from the tasks."""

    shared = True

    def __init__(self, tables: Path) -> None:
        super().__init__(tables / "scores", "score_date")

    def publish(self, date: str, frame: pl.DataFrame, schema: Any) -> int:
        """Check and replace one date."""
        check_published(frame, schema)
        return self.replace(date, frame)


class RejectTable(PartitionedTable):
    """Rows that were rejected and people outside the cohort, by batch.

    A batch is a date, ``training``, or ``<date>-stopped``: what was rejected of a drop that a limit stopped. Scores of
    that date, if there are any, are of an earlier drop, and so are its other rejects.
    """

    def __init__(self, tables: Path) -> None:
        super().__init__(tables / "rejects", "batch")

    def publish(self, batch: str, frame: pl.DataFrame) -> int:
        """Check and replace one batch."""
        check_published(frame, Rejects)
        return self.replace(batch, frame)

    def publish_stopped(self, date: str, frame: pl.DataFrame) -> str:
        """Replace what is kept of a drop that was stopped, and give its batch."""
        if frame.is_empty():
            self.remove(stopped(date))
        else:
            self.publish(stopped(date), frame)
        return stopped(date)


class RunLedger(PartitionedTable):
    """One row a run: what went in, what came out, with which model."""

    shared = True

    def __init__(self, tables: Path) -> None:
        super().__init__(tables / "runs", "run_id")

    def publish(self, run: dict[str, Any]) -> int:
        """Record a run; the same run again replaces its row."""
        frame = pl.DataFrame([run], schema=_dtypes(Runs))
        check_published(frame, Runs)
        return self.replace(run["run_id"], frame)

    def find(self, run_id: str) -> dict[str, Any] | None:
        """The row of a run, if it finished."""
        if not self.exists():
            return None
        rows = self.read(run_id)
        return rows.row(0, named=True) if rows.height else None


def stopped(date: str) -> str:
    """The batch of the rejects of a drop that a limit stopped."""
    return f"{date}-stopped"


def _dtypes(model: Any) -> dict[str, Any]:
    return {name: column.dtype.type for name, column in model.to_schema().columns.items()}
