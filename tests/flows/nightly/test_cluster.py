"""A night on a Dask cluster, a worker of which is killed on the way, leaves the same bytes as one in turn."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from pathlib import Path

import pytest

from flows.nightly import steps
from flows.nightly.run import Run, open_run
from flows.nightly.shard_files import COUNTS, SHARDS, counts_of
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import ShardSettings
from flows.study.study import Study
from tests.flows.support import drop_of
from tests.support import Project, cluster_of

pytestmark = pytest.mark.slow
PARTING = ShardSettings(people=10, at_once_mb=0)


def left_by(run: Run, machines: MachineSettings) -> dict[str, bytes]:
    """The files of all shards after they were worked on."""
    steps.work_through_all(run, PARTING, machines)
    files = sorted((run.staging / SHARDS).rglob("*.parquet"))
    return {path.relative_to(run.staging).as_posix(): path.read_bytes() for path in files}


def kill_a_worker(address: str, shards: Path, killed: list[int]) -> None:
    """Kill one as soon as the first shards are done, and note how many were."""
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        process = client.run(os.getpid).popitem()[1]
    while len(done := list(shards.glob(f"*/{COUNTS}"))) < 2:
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    killed.append(len(done))


def test_a_worker_that_is_killed_changes_no_byte(nightly: Project) -> None:
    study, date = Study(nightly.folder, "heart"), "2026-04-03"
    drop = drop_of(nightly, date)
    run = open_run(study, date)
    in_turn, counts = left_by(run, SERIAL), counts_of(steps.work_of(run))
    n_shards = len(counts)
    shutil.rmtree(run.staging)
    killed: list[int] = []
    with cluster_of(2) as address:
        killer = threading.Thread(target=kill_a_worker, args=(address, run.staging / SHARDS, killed))
        killer.start()
        on_cluster = left_by(run, MachineSettings(kind="dask", address=address))
        killer.join()
    assert killed[0] < n_shards
    assert on_cluster == in_turn
    assert counts_of(steps.work_of(run)) == counts
    row = steps.publish(run)
    assert row["n_scored"] == study.tables.scores.read(date).height > 0
    shutil.rmtree(run.staging)
    shutil.rmtree(drop)
