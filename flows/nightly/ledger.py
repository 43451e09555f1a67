"""Rows of the ledger: what both flows record of a run, and what is read from a row again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from flows.project.provenance import git_revision
from flows.study.study import Study


def ledger_row(
    study: Study,
    validation: dict[str, Any],
    *,
    started_at: datetime,
    n_excluded: int,
    data_hashes: dict[str, str],
    details: dict[str, Any],
    **rest: Any,
) -> dict[str, Any]:
    """A run's row: counts of its validation, what it was made from, how long it took.

    Args:
        validation: the summary of the validation of the run's tables.
        rest: the columns in which the flows differ.
    """
    people = validation["tables"][study.contract.person_table]
    finished_at = datetime.now(UTC)
    return {
        "study": study.name,
        "data_hashes": json.dumps(data_hashes, sort_keys=True),
        "git_revision": git_revision(study.root),
        "params_hash": study.settings.params_hash,
        "n_people": people["n_rows"],
        "n_rejected": people["n_rejected"],
        "n_excluded": n_excluded,
        **row_counts(validation),
        "started_at": started_at,
        "finished_at": finished_at,
        "seconds": (finished_at - started_at).total_seconds(),
        "details": json.dumps(details, sort_keys=True),
        **rest,
    }


def row_counts(validation: dict[str, Any]) -> dict[str, int]:
    """Rows of all tables of a validation summary: in, valid, rejected."""
    tables = validation["tables"].values()
    return {
        "n_rows": sum(table["n_rows"] for table in tables),
        "n_rows_valid": sum(table["n_valid"] + table.get("n_late", 0) for table in tables),
        "n_rows_rejected": sum(table["n_rejected"] for table in tables),
    }


def withheld_tasks(row: dict[str, Any]) -> str:
    """The tasks that were not scored for want of tables, each with the reason, a line each; empty if all were."""
    return row.get("withheld") or ""


def late_rows(row: dict[str, Any]) -> int:
    """The rows about people who came before, when a row of the ledger was written."""
    tables = json.loads(row["details"] or "{}").get("validation", {}).get("tables", {})
    return sum(table.get("n_late", 0) for table in tables.values())


def absent_tables(row: dict[str, Any]) -> list[str]:
    """The tables that had not arrived when a row of the ledger was written."""
    absent: list[str] = json.loads(row["details"] or "{}").get("validation", {}).get("absent", [])
    return absent
