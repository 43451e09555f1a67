"""A drop shard by shard of people: a shard's rows are split, and its people scored; what comes of it lies in files."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.cohort import cohort_of
from flows.fitting.machines import run_jobs
from flows.nightly.absence import Absence, needed_tables
from flows.nightly.landing.before import keep_raw_keys
from flows.nightly.shard_files import (
    ABSENCE,
    COUNTS,
    DISORDERED,
    EXCLUDED,
    LANDED,
    PLAN,
    REFERENCE,
    REJECTED,
    SCORES,
    SHARDS,
    Counts,
    Work,
)
from flows.nightly.spreading import spread_over
from flows.nightly.watch.counting import Counted, Reference
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import ShardSettings
from flows.project.storage import make_folder, reaching, remove_folder, write_whole
from flows.stores.landed import as_landed
from flows.stores.registry import Champion
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.sharding.merge import labels_of
from schemas.sharding.plan import OutOfOrderError, Plan, make_plan
from schemas.splitting.results import StudyResult


def plan_drop(
    study: Study,
    drop: Path,
    staging: Path,
    disordered: Sequence[str],
    shards: ShardSettings,
    *,
    scoring: bool = True,
    without_persons: bool = False,
    machines: MachineSettings = SERIAL,
) -> Plan:
    """Look at a drop and keep in ``staging`` how it is read by shards; tables in no order are parted there.

    Outcomes may be missing from it, and every table that the study can do without, unless it is not there for
    ``scoring``. With ``without_persons`` nobody is scored: every table may be missing, and every column
    that no row must hold.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    remove_folder(staging)
    make_folder(staging / SHARDS)
    settings = study.settings
    needed = frozenset[str]() if without_persons else needed_tables(study)
    plan = make_plan(
        drop,
        study.contract,
        staging / "parted",
        optional_columns=_nullable(study) if without_persons else study.hidden if scoring else (),
        scoring=scoring,
        absent_tables=set(study.contract.tables) - needed if scoring else (),
        beside=settings.split.beside_tables,
        people=shards.people,
        small=shards.at_once_mb * 1_000_000,
        disordered=disordered,
        spread=spread_over(study, machines),
    )
    if gone := [name for name in plan.absent if name in needed]:
        raise TableFault(gone[0], f"the table {gone[0]} is missing, and who is in the cohort is told by it: deliver it")
    if scoring:
        keep_raw_keys(study, staging)
    write_whole(staging / PLAN, lambda path: Path(path).write_bytes(pickle.dumps(plan)))
    return plan


def _nullable(study: Study) -> list[str]:
    """The columns that may be empty in a row."""
    return [
        f"{table}.{name}"
        for table, model in study.contract.tables.items()
        for name, rules in ModelView.of(model).rules.items()
        if rules.nullable
    ]


def note_absence(staging: Path, absence: Absence) -> None:
    """Keep in ``staging`` what the night lacks, for those who work on its shards."""
    write_whole(staging / ABSENCE, lambda path: Path(path).write_bytes(pickle.dumps(absence)))


def note_reference(staging: Path, reference: Reference | None) -> None:
    """Keep in ``staging`` what the night is compared with, if there is anything, for those who work on its shards."""
    write_whole(staging / REFERENCE, lambda path: Path(path).write_bytes(pickle.dumps(reference)))


def work_through(work: Work, n_shards: int, machines: MachineSettings) -> str | None:
    """Work on all shards, one shard here; give the table that has to be parted first, if there is one."""
    machines = machines if n_shards > 1 else SERIAL
    found = list(run_jobs(work_on, range(n_shards), work, title="shards", machines=machines))
    return next((table for table in found if table), None)


def work_on(shard: int, work: Work) -> str | None:
    """Split a shard's rows, build the features of its people and score them; what comes of it lies in its folder.

    Returns:
        The table that has to be parted first, if a row of it lies in a shard that is not its own; no other shard is
        worked on then.
    """
    disordered = work.staging / DISORDERED
    with reaching(work.staging):
        if disordered.exists():
            return disordered.read_text()
    folder = work.folder(shard)
    make_folder(folder)
    keep = partial(_keep, work, folder) if work.lands else None
    try:
        split = work.plan.split(shard, work.study.contract, before=work.before, keep=keep)
    except OutOfOrderError as error:
        table = error.table
        write_whole(disordered, lambda path: path.write_text(table))
        return table
    result = StudyResult(study=work.name, tables=split.tables)
    counts: dict[str, Any] = {}
    if len(split.tables) == len(work.study.contract.tables):
        write_whole(folder / REJECTED, result.rejects.write_parquet)
        try:
            counts = _score(work, work.champion, result, folder) if work.champion else {}
        except Exception as error:  # the limits on losses have the first word, and only all shards together tell
            counts = {"error": _bare(error)}
        summary = result.summary()
    else:
        summary = {}
    found = Counts(summary=summary, labels=labels_of(result), facts=split.facts, **counts)
    write_whole(folder / COUNTS, lambda path: Path(path).write_bytes(pickle.dumps(found)))
    return None


def _keep(work: Work, folder: Path, rows: pl.DataFrame) -> None:
    """Write rows of a table that are to land, as they will stand among what landed."""
    if rows.height:
        whole = as_landed(rows, work.date, work.run_id)
        write = partial(whole.write_parquet, compression="snappy", statistics=False)
        write_whole(folder / LANDED.format(rows["table"][0]), write)


def _bare(error: Exception) -> Exception:
    """An error as it comes out of a file: without where it was raised, which would hold all rows of the shard."""
    try:
        travelled: Exception = pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(type(error).__name__)
    return travelled


def _score(work: Work, champion: Champion, result: StudyResult, folder: Path) -> dict[str, Any]:
    settings = work.settings
    tables = {name: table.valid for name, table in result.tables.items()}
    cohort = cohort_of(work.name, tables, settings.task_records, settings.known_later, may_be_empty=True)
    features, excluded = cohort.features, cohort.excluded
    scores = work.absence.empty(work.scorer.score(features), work.scorer.tasks)
    scores = scores.select(
        PERSON,
        pl.lit(date.fromisoformat(work.date)).alias("score_date"),
        *(column for column in scores.columns if column != PERSON),
        pl.lit(champion.version).alias("model_version"),
        pl.lit(work.run_id).alias("run_id"),
        pl.lit(work.started_at).cast(pl.Datetime("us", "UTC")).alias("scored_at"),
        pl.lit(work.absence.text, pl.String).alias("withheld"),
    )
    write_whole(folder / SCORES, scores.write_parquet)
    write_whole(folder / EXCLUDED, excluded.write_parquet)
    return {
        "n_cohort": features.height,
        "n_excluded": excluded.height,
        "n_scored": scores.height,
        "n_features": features.width - 1,
        "watched": Counted.of(work.reference, features, scores) if work.reference else None,
    }
