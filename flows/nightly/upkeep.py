"""The flow ``upkeep``, once a month: published tables compacted and vacuumed, Prefect's old runs removed."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import Any

from prefect import flow
from prefect.settings.context import get_current_settings

from flows.nightly.alerts.hooks import TELLING
from flows.nightly.artifacts import show
from flows.nightly.run_name import of_night
from flows.project.access import apply
from flows.project.errors import sentence_of, value_free
from flows.project.paths import project_root
from flows.stores.delta import PartitionedTable
from flows.study.study import Study


@flow(name="upkeep", flow_run_name=of_night, validate_parameters=True, **TELLING)
@value_free
def upkeep(study: str) -> dict[str, str]:
    """Keep the tables of a study in order; every version of the audit period can be read as before.

    Args:
        study: name of a block of params.yaml.

    Returns:
        What was done, by what it was done to.
    """
    root = project_root()
    apply(root)
    one = Study(root, study, "block")
    done = {**keep_tables(one), "Prefect's runs": prune()}
    show(one, "upkeep", done)
    if faults := [f"{name}: {said}" for name, said in done.items() if said.startswith(NOT)]:
        raise RuntimeError("; ".join(faults))
    return done


NOT = "not kept up"
KEPT = ("scores", "rejects", "runs", "landed", "landings", "parts", "watched")


def keep_tables(study: Study) -> dict[str, str]:
    """Compact and vacuum every published table; what is wrong with one keeps no other from it."""
    audit = timedelta(days=study.settings.published.audit_days)
    named = named_versions(study, audit)
    stores = {name: getattr(study.tables, name).store for name in KEPT}
    done = {}
    for name, store in {**stores, "champions": study.registry.history}.items():
        if not isinstance(store, PartitionedTable):
            done[name] = f"a store of another kind ({study.settings.store}) keeps itself"
            continue
        try:
            kept = store.keep_up(audit, named.get(name, ()))
        except Exception as error:
            done[name] = f"{NOT}: {sentence_of(error)}"
        else:
            done[name] = kept.words if kept else "nothing was written yet"
    return done


def named_versions(study: Study, audit: timedelta) -> dict[str, set[int]]:
    """Versions of before the audit period that the ledger still sends readers to.

    The newest version holds what a date's last run published, unless another run was killed after it had replaced the
    date. Then readers go to the version that the ledger names.
    """
    tables, named = study.tables, dict[str, set[int]]()
    if not tables.runs.exists():
        return named
    last = dict[str, dict[str, Any]]()
    for row in tables.runs.read().sort("finished_at").iter_rows(named=True):
        if row["flow"] == "score":
            last[row["batch"]] = row
    for date, row in last.items():
        for name, table in (("scores", tables.scores), ("rejects", tables.rejects)):
            version = row.get(f"{name}_version")
            old = row["finished_at"] < datetime.now(UTC) - audit
            if old and version is not None and table.store.holds(date, "run_id", row["run_id"]) is None:
                named.setdefault(name, set()).add(version)
    return named


def prune() -> str:
    """Remove Prefect's old runs where no server runs all day: such a server does it by itself, every hour."""
    days = get_current_settings().server.services.db_vacuum.retention_period / timedelta(days=1)
    said = f"those of more than {days:g} days ago"
    if os.environ.get("PREFECT_API_URL"):
        return f"its server removes {said}"
    from prefect.server.database import provide_database_interface
    from prefect.server.services import db_vacuum

    database = provide_database_interface()

    async def remove() -> None:
        await db_vacuum.vacuum_old_flow_runs(db=database)
        await db_vacuum.vacuum_orphaned_logs(db=database)
        await db_vacuum.vacuum_orphaned_artifacts(db=database)
        await db_vacuum.vacuum_stale_artifact_collections(db=database)

    try:
        asyncio.run(remove())
    except Exception as error:
        return f"{NOT}: {sentence_of(error)}"
    return f"{said} are removed"
