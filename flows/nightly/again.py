"""A date that is scored again: whether anything is left to do is found out from files and tables, without Prefect."""

from __future__ import annotations

from typing import Any

from flows.nightly import refused, stopped
from flows.nightly.run import Run, finished, open_run
from flows.stores.staging import staging
from flows.study.study import Study


def scored_already(study: Study, date: str) -> dict[str, Any] | None:
    """The ledger's row of a date whose scores stand in the table as they would come out now, else None.

    If the drop changes after this look, the flow that is started then decides anew.

    Raises:
        BusyError: if another run works on the date.
        FileNotFoundError: if nothing was dropped for the date.
        ValueError: if the date is none, or no model was promoted.
    """
    run = open_run(study, date)
    with staging(run.staging, run.study.paths.staging / date):
        return settled(run)


def settled(run: Run) -> dict[str, Any] | None:
    """The ledger's row if the run has nothing to do, else None; the caller holds the run's staging folder.

    A drop that was refused in between is forgotten: the one that lies there now was scored.
    """
    row = finished(run)
    if row is None:
        return None
    stopped.clear(run.study, run.date)
    refused.clear(run)
    return {**row, "unchanged": True}
