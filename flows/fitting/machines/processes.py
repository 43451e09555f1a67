"""Jobs in processes of this machine; those of a process that was killed are done again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, cast

from flows.fitting.machines import Shown
from flows.fitting.pool import MOST_WORKERS, in_processes
from flows.project.errors import WorkerLostError
from flows.project.machines import MachineSettings

TRIES = 3  # a job that ends its process so often has no memory, or ends it by itself


def in_several(
    function: Callable[[Any, Any], Any], jobs: Sequence[Any], given: Any, machines: MachineSettings, shown: Shown
) -> Generator[Any, None, None]:
    """Do the jobs in several processes.

    Raises:
        WorkerError: if a process is lost so often at the same job.
    """
    n_done, n_lost = 0, 0
    while n_done < len(jobs):
        begun = n_done
        most = machines.workers or MOST_WORKERS
        pool = in_processes(function, jobs[n_done:], given, title=shown.title, name=shown.name, most=most)
        try:
            with closing(cast(Generator[Any, None, None], pool)):
                for found in pool:
                    n_done += 1
                    yield found
        except WorkerLostError:
            n_lost = 1 if n_done > begun else n_lost + 1
            if n_lost == TRIES:
                raise
