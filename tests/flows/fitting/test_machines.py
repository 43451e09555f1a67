"""Jobs wherever they are done: in order, the same results, and none lost with a worker that is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.fitting.machines import EXECUTORS, run_jobs
from flows.fitting.machines.cluster import ClusterError
from flows.fitting.machines.likeness import likeness, unlike
from flows.project.errors import WorkerError, WorkerLostError
from flows.project.imports import PACKAGES
from flows.project.machines import KINDS, SERIAL, MachineSettings, parse_machines, read_machines
from mtl_models.wording import SettingsError
from tests.support import ROOT, cluster_of, free_port


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with cluster_of(2) as found:
        yield found


@pytest.fixture(params=sorted(EXECUTORS))
def machines(request: pytest.FixtureRequest) -> MachineSettings:
    """Every kind that there is."""
    return of_kind(request, request.param)


def of_kind(request: pytest.FixtureRequest, kind: str) -> MachineSettings:
    given = {"processes": {"workers": 2}, "dask": {}}.get(kind, {})
    address = {"address": request.getfixturevalue("address")} if kind == "dask" else {}
    return MachineSettings(kind=kind, **given, **address)


def told(job: int, given: str) -> tuple[int, str]:
    return job, given


def dies_once(job: int, folder: Path) -> int:
    """The job 2 kills its process the first time."""
    mark = folder / "died"
    if job == 2 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return job


def dies(job: int, given: None) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fails(job: int, given: None) -> int:
    return int(f"x{job}4711")


def test_results_come_in_the_order_of_the_jobs(machines: MachineSettings) -> None:
    jobs = [3, 1, 2, 7, 5]
    assert list(run_jobs(told, jobs, "given", title="jobs", machines=machines)) == [(job, "given") for job in jobs]
    assert list(run_jobs(told, [], "given", title="jobs", machines=machines)) == []


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_a_killed_worker_loses_no_job(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> None:
    found = run_jobs(dies_once, range(6), tmp_path, title="jobs", machines=of_kind(request, kind))
    assert list(found) == list(range(6))
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("kind", ["processes", "dask"])
def test_of_a_job_that_fails_only_a_sentence_comes_back(request: pytest.FixtureRequest, kind: str) -> None:
    with pytest.raises(WorkerError, match="unexpected ValueError") as caught:
        list(run_jobs(fails, [1, 2], None, title="jobs", machines=of_kind(request, kind)))
    assert "4711" not in str(caught.value)


def test_a_job_that_ends_every_process_is_given_up() -> None:
    with pytest.raises(WorkerLostError, match="memory ran out"):
        list(run_jobs(dies, [1], None, title="jobs", machines=MachineSettings(workers=1)))


def test_a_cluster_that_does_not_answer_is_said() -> None:
    nowhere = MachineSettings(kind="dask", address=f"tcp://127.0.0.1:{free_port()}", timeout_s=0.5)
    with pytest.raises(ClusterError, match="no Dask scheduler answers at tcp://127"):
        list(run_jobs(told, [1], None, title="jobs", machines=nowhere))


def test_a_worker_of_several_threads_is_refused() -> None:
    with cluster_of(1, threads=2) as address, pytest.raises(ClusterError, match="has 2 threads"):
        list(run_jobs(told, [1], None, title="jobs", machines=MachineSettings(kind="dask", address=address)))


def test_a_worker_with_other_code_is_refused(tmp_path: Path) -> None:
    """A worker of another checkout, in which one line is another."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "flows" / "__init__.py").open("a") as file:
        file.write("# another line\n")
    with cluster_of(0) as address:
        command = [sys.executable, "-m", "dask", "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        worker = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)}, **quiet)
        try:
            with pytest.raises(ClusterError, match=r"another code of this project \(\w{12} there, \w{12} here\), so"):
                list(run_jobs(told, [1], None, title="jobs", machines=MachineSettings(kind="dask", address=address)))
        finally:
            worker.terminate()
            worker.wait(timeout=30)


def test_what_is_not_alike_is_named() -> None:
    assert unlike(likeness(), "it") is None
    said = unlike({**likeness(), "polars": "1.0.0"}, "the worker")
    assert said is not None
    assert said.startswith("the worker has another polars (1.0.0 there, ")
    assert "another numpy" not in said


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"kind": "proceses"}, "the nearest is 'processes'"),
        ({"kind": "serial", "workers": 2}, "the kind 'serial' has no key 'workers'"),
        ({"kind": "dask"}, "needs `address`"),
        ({"kind": "dask", "adress": "tcp://a:1"}, "the nearest is 'address'"),
        ({"workers": 0}, "must be 1 or more"),
    ],
)
def test_a_fault_of_the_block_is_one_sentence(block: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        parse_machines(block, "params.yaml")
    assert len(caught.value.sentences) == 1


def test_the_block_is_read_as_it_stands_now(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    params.write_text("studies: {}\n")
    assert read_machines(tmp_path) == MachineSettings()
    params.write_text("studies: {}\nmachines: {kind: serial}\n")
    assert read_machines(tmp_path) == SERIAL


def test_every_kind_says_its_keys() -> None:
    assert set(KINDS) == set(EXECUTORS)
    assert {key for keys in KINDS.values() for key in keys} | {"kind"} == set(MachineSettings.model_fields)
