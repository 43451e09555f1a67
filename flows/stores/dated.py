"""A date as one state: its row of the ledger, and the scores and rejects that belong to that row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import polars as pl
from deltalake.exceptions import DeltaError

from flows.stores.store import Look, OvertakenError, Store
from flows.stores.tables import Tables


class ReplacedError(RuntimeError):
    """What a run published is not in the tables any more."""


@dataclass(frozen=True)
class DateState:
    """What the last finished run of a date published, whatever other runs write meanwhile.

    Attributes:
        run: its row of the ledger.
        scores_version, rejects_version: the versions of the tables that are read; None where a store keeps one only.
    """

    tables: Tables
    run: dict[str, Any]
    scores_version: int | None
    rejects_version: int | None

    def scores(self, *, only: tuple[str, str] | None = None) -> pl.DataFrame:
        """Its scores; ``only`` those with a text in a column."""
        return self.tables.scores.read(self.run["batch"], only=only, version=self.scores_version)

    def look(self) -> Look | None:
        """What its scores hold, without the rows."""
        return self.tables.scores.look(self.run["batch"], "run_id", version=self.scores_version)

    def rejects(self, *, only: tuple[str, str] | None = None) -> pl.DataFrame:
        """Its rejects; ``only`` those with a text in a column."""
        if not self.tables.rejects.exists():
            return pl.DataFrame()
        return self.tables.rejects.read(self.run["batch"], only=only, version=self.rejects_version)


def state_of(tables: Tables, date: str) -> DateState | None:
    """The state of a date; None where no run of it has finished.

    A run replaces rejects, then scores, and its row of the ledger comes last. Until then, and for good if the run was
    killed, the row before is the date's state, and names the versions of the tables that hold it.

    Raises:
        ReplacedError: if the rows of the last run are in no version of the tables that can be read.
    """
    row = tables.runs.last(date)
    if row is None:
        return None
    versions = [
        _version_with(store, row, n, row.get(f"{name}_version"))
        for name, store, n in (
            ("scores", tables.scores.store, row["n_scored"]),
            ("rejects", tables.rejects.store, n_rejects(row)),
        )
    ]
    return DateState(tables, row, *versions)


def n_rejects(row: dict[str, Any]) -> int | None:
    """Rows of the rejects that belong to a row of the ledger; None where an older version did not write it down."""
    number: int | None = json.loads(row["details"] or "{}").get("n_rejects")
    return number


def _version_with(store: Store, row: dict[str, Any], n: int | None, named: int | None) -> int | None:
    """A version of a table that holds a run's rows: the newest if it does, else the one that the ledger names."""
    for version in (store.version(), named):
        with suppress(DeltaError, OSError, pl.exceptions.PolarsError):  # vacuumed, or of a table that was moved aside
            held = store.holds(row["batch"], "run_id", row["run_id"], version=version)
            if held is not None and n in (held, None):
                return version
    raise ReplacedError(
        f"{store.folder.name}: what run {row['run_id']} published for {row['batch']} is there no more: the table was "
        f"moved aside, put back, or vacuumed; `mtl-health score --study {row['study']} --date {row['batch']} --force` "
        "makes it anew"
    )


def commit(
    tables: Tables,
    row: dict[str, Any],
    *,
    scores: Iterable[pl.DataFrame],
    rejects: Iterable[pl.DataFrame],
    land: Callable[[], object] | None = None,
) -> dict[str, Any]:
    """Replace the date of a row of the ledger in rejects, scores and ledger, and give the row as it stands there.

    ``land`` replaces it in the tables of what landed; what it writes depends on the drop alone.

    The ledger's row comes last and names the versions of the others that hold the run's rows. Until then the row before
    is the date's, and the versions that it names are still there.

    Raises:
        OvertakenError: if a run on another machine has replaced the date in the meantime; the ledger is as it was.
    """
    row = {**row, "rejects_version": tables.rejects.replace(row["batch"], rejects)}
    row["scores_version"] = tables.scores.replace(row["batch"], scores)
    if land is not None:
        land()
    _require_own(tables, row)
    tables.runs.publish(row)
    return row


def _require_own(tables: Tables, row: dict[str, Any]) -> None:
    """Make sure that the versions that a row names hold the run's rows.

    Raises:
        OvertakenError: if they hold those of another run.
    """
    for name, table, n in (
        ("scores", tables.scores, row["n_scored"]),
        ("rejects", tables.rejects, n_rejects(row)),
    ):
        if table.store.holds(row["batch"], "run_id", row["run_id"], version=row[f"{name}_version"]) != n:
            raise OvertakenError(f"{name}: {row['batch']} was written by another run at once; run it again")
