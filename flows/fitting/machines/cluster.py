"""Jobs on the workers of a Dask cluster; those of a worker that was killed are done by another."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from flows.fitting.machines import Shown
from flows.fitting.machines.far import Failed, do_job, forget, look, whole
from flows.fitting.machines.likeness import likeness, unlike
from flows.project.errors import WorkerError, WorkerLostError
from flows.project.machines import MachineSettings

if TYPE_CHECKING:
    from distributed import Client

START = "start it with `dask worker ADDRESS --nthreads 1` from this checkout"


class ClusterError(RuntimeError):
    """The cluster that params.yaml names cannot be used."""


def on_cluster(
    function: Callable[[Any, Any], Any], jobs: Sequence[Any], given: Any, machines: MachineSettings, shown: Shown
) -> Generator[Any, None, None]:
    """Have the cluster do the jobs.

    Raises:
        ClusterError: if the cluster does not answer, or its workers are not like this process.
        WorkerError: if a job failed, or ended worker after worker.
    """
    from mtl_models.training.progress import progress_bar

    key = f"{function.__name__}-{uuid4().hex}"
    with _client(machines) as client, progress_bar(shown.title, len(jobs), show=True) as advance:
        _require_alike(client, machines)
        # made of the bytes in the scheduler's hands, so that it outlives every worker
        held = client.submit(whole, pickle.dumps(given), key=f"given-{key}")
        futures = [
            client.submit(do_job, function, job, held, key, likeness(), key=f"{key}-{place}")
            for place, job in enumerate(jobs)
        ]
        try:
            for job, future in zip(jobs, futures, strict=True):
                found = _result(future)
                if isinstance(found, Failed):
                    raise WorkerError(found.sentence)
                advance(shown.name(job))
                yield found
        finally:
            with suppress(Exception):  # the cluster may be gone
                client.cancel([*futures, held])
                client.run(forget, key)


@contextmanager
def _client(machines: MachineSettings) -> Iterator[Client]:
    """A connection to the cluster."""
    try:
        import dask
        from distributed import Client
    except ImportError:
        raise ClusterError(
            "params.yaml: machines.kind is 'dask', and the package distributed is not installed: "
            "pip install -c constraints.txt -e '.[cluster]'"
        ) from None
    large = "distributed.admin.large-graph-warning-threshold"  # what is given is meant to travel
    with dask.config.set({large: "1TB", "distributed.logging.distributed": "critical"}):
        try:
            client = Client(machines.address, timeout=machines.timeout_s, set_as_default=False)
        except (OSError, ValueError):
            raise ClusterError(
                f"no Dask scheduler answers at {machines.address} within {machines.timeout_s:g} seconds: start one "
                "with `dask scheduler`, or change machines.address in params.yaml"
            ) from None
        with client:
            yield client


def _require_alike(client: Client, machines: MachineSettings) -> None:
    """Make sure that there are workers, each of one thread, with our code and libraries."""
    try:
        client.wait_for_workers(1, timeout=machines.timeout_s)
    except TimeoutError:
        raise ClusterError(
            f"the Dask cluster at {machines.address} has no worker after {machines.timeout_s:g} seconds: {START}"
        ) from None
    workers = client.scheduler_info(n_workers=-1)["workers"]
    for address, worker in workers.items():
        if worker["nthreads"] != 1:
            raise ClusterError(
                f"the worker {address} has {worker['nthreads']} threads, and a job here is one thread's: {START}"
            )
    for address, found in client.run(look, on_error="return").items():
        if isinstance(found, Exception):
            raise ClusterError(
                f"the worker {address} cannot import this project's code ({type(found).__name__}): {START}"
            )
        if said := unlike(found, f"the worker {address}"):
            raise ClusterError(said)


def _result(future: Any) -> Any:
    """What a job gave.

    Raises:
        WorkerError: if no worker could do it.
    """
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except KilledWorker:
        raise WorkerLostError(
            "a job of the Dask cluster ended worker after worker, most often because memory ran out: "
            "give workers more memory, or make shards smaller (shards.people in params.yaml)"
        ) from None
    except (CancelledError, OSError):
        raise ClusterError("the Dask scheduler went away while it had jobs: see its log, and run again") from None
