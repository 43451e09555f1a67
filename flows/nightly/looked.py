"""A folder of raw tables validated shard by shard, and nothing else done: memory does not grow with its people."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from flows.nightly import shard_files, shards
from flows.nightly.shard_files import REJECTED, Work
from flows.project.machines import SERIAL
from flows.project.paths import replace_file
from flows.stores.staging import staging
from flows.study.study import Study
from schemas.sharding.merge import merged
from schemas.splitting.study import require_sound


def validate_folder(study: Study, folder: Path, *, scoring: bool, rejects: Path | None) -> dict[str, Any]:
    """The counts of a folder's validation, as one reading of all rows gives them.

    Args:
        study: whose contract holds.
        folder: of raw tables.
        scoring: whether it is a night's drop: outcomes may be missing.
        rejects: where to write the rejected rows to, if anywhere. Patient data.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    with staging(study.paths.staging / f"validate-{os.getpid()}") as scratch:
        work = Work(study.root, study.name, study.settings, None, scratch, "", "", datetime.now(UTC))
        _work_through(study, folder, work, scoring=scoring)
        counts = shard_files.counts_of(work)
        require_sound(work.plan.facts([each.facts for each in counts], study.contract), study.contract)
        if rejects:
            replace_file(rejects, partial(_write_rejects, work))
        return merged(study.contract, [(each.summary, each.labels) for each in counts])


def _work_through(study: Study, folder: Path, work: Work, *, scoring: bool) -> None:
    disordered: list[str] = []
    parting, machines = study.settings.shards, study.machines
    if machines.kind not in ("serial", "processes"):
        machines = SERIAL  # the scratch folder is this machine's

    def n_shards() -> int:
        plan = shards.plan_drop(study, folder, work.staging, disordered, parting, scoring=scoring, machines=machines)
        return plan.n_shards

    while table := shards.work_through(work, n_shards(), machines):
        disordered.append(table)


def _write_rejects(work: Work, path: Path) -> None:
    """Write the rejected rows, some at once."""
    if work.plan.n_shards == 1:
        shutil.copyfile(work.folder(0) / REJECTED, path)
        return
    import pyarrow.parquet as pq

    frames = shard_files.rejects_of(work)
    first = next(frames)
    with pq.ParquetWriter(path, first.to_arrow().schema, store_schema=False) as writer:
        for frame in chain([first], frames):
            if frame.height:
                writer.write_table(frame.to_arrow())
