"""A drop that lands without anybody being scored: outcomes and corrections alone, or people before the first model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.nightly import shard_files, shards
from flows.nightly.landing.land import land
from flows.nightly.rejects import rejected_rows
from flows.nightly.shard_files import Work
from flows.project.hashing import digest
from flows.project.identity import code_digest, decisive
from flows.project.storage import shown
from flows.stages.validate import judge
from flows.stores.dated import state_of
from flows.stores.inbox import Inbox, drop_hashes
from flows.stores.staging import staging
from flows.study.study import Study
from schemas.reading.places import is_far
from schemas.sharding.merge import merged
from schemas.splitting.study import require_sound


def land_alone(study: Study, date: str) -> dict[str, Any]:
    """Land the drop of a date, and give its row of what landed with the number of rejected rows.

    Tables may be missing, the persons' too: rows about people who came before are enough. Rejected rows are in the
    rejects under the date; there is no run in the ledger, since nobody was scored.

    Raises:
        FileNotFoundError: if nothing was dropped for the date.
        ValueError: if the date was scored: its drop landed then.
        schemas.faults.TableFault: if a table as a whole cannot be used.
        schemas.faults.LimitExceeded: if more is lost than the study allows.
    """
    drop, contract, tables = Inbox(study.inbox).drop(date), study.contract, study.tables
    if tables.runs.exists() and state_of(tables, date) is not None:
        raise ValueError(f"{date} of {study.name} was scored, and what it brought has landed: name another date")
    hashes, code = drop_hashes(drop, contract), code_digest(__name__, study=study.name)
    run_id = digest(study.name, date, decisive(study.settings, "score"), code, hashes)[:16]
    scratch = study.staging / date / run_id if is_far(study.staging) else study.staging / date
    with staging(scratch, study.paths.staging / date):
        work = Work(study.root, study.name, study.settings, None, scratch, date, run_id, datetime.now(UTC), lands=True)
        _work_through(work, drop)
        counts = shard_files.counts_of(work)
        require_sound(work.plan.facts([each.facts for each in counts], contract), contract, without_persons=True)
        summary = merged(contract, [(each.summary, each.labels) for each in counts])
        judgement = judge(study, summary, reference=study.registry.champion_profile(), scoring=True)
        judgement.require(f"nothing landed; the drop is {shown(drop, study.root)}")
        tables.rejects.replace(date, (rejected_rows(frame, date, run_id) for frame in shard_files.rejects_of(work)))
        row = land(work, summary)
    return {**row, "n_rejected": sum(table["n_rejected"] for table in summary["tables"].values())}


def _work_through(work: Work, drop: Path) -> None:
    study, disordered = work.study, list[str]()
    parting, machines = study.settings.shards, study.machines

    def n_shards() -> int:
        return shards.plan_drop(
            study, drop, work.staging, disordered, parting, without_persons=True, machines=machines
        ).n_shards

    while table := shards.work_through(work, n_shards(), machines):
        disordered.append(table)
