"""Jobs in processes of one thread each, so that the count of processors changes no bit: the one place that starts them.

The first call starts a process that imports this module and the function's, and computes nothing; every worker is
forked from it, so that libraries are imported once and not once a worker. What only the first process needs is imported
where it is used.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, TypeVar

from flows.project.errors import awaiting_workers, in_worker
from flows.project.processes import end_with_parent

Job = TypeVar("Job")
Given = TypeVar("Given")
Found = TypeVar("Found")
MOST_WORKERS = 4  # about 0.5 GiB each


def in_processes(
    function: Callable[[Job, Given], Found],
    jobs: Sequence[Job],
    given: Given,
    *,
    title: str,
    name: Callable[[Job], str] = str,
    most: int = MOST_WORKERS,
) -> Iterator[Found]:
    """What a function gives for every job, in the order of the jobs, with a progress bar over them.

    Args:
        function: of a module, called with a job and what is given.
        given: what all jobs use; it travels to each process once.
        title, name: of the bar, and of a job that is done.
        most: how many processes at most; never more than there are processors.
    """
    from mtl_models.training.progress import progress_bar

    if not jobs:
        return
    n_workers = min(len(jobs), os.cpu_count() or 1, most)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, function.__module__])
    with (
        progress_bar(title, len(jobs), show=True) as advance,
        awaiting_workers(),
        ProcessPoolExecutor(n_workers, mp_context=context, initializer=_start, initargs=(given,)) as pool,
    ):
        try:
            for job, found in zip(jobs, pool.map(partial(in_worker, partial(_call, function)), jobs), strict=True):
                advance(name(job))
                yield found
        except BaseException:
            _end(pool)
            raise


def _end(pool: ProcessPoolExecutor) -> None:
    """End the processes of a pool: to leave it would wait for their jobs, however long these take."""
    for process in list((pool._processes or {}).values()):
        process.kill()


_given: Any = None  # in a worker, what its jobs use: an initializer of a pool can leave it nowhere else


def _start(given: object) -> None:
    global _given
    end_with_parent()
    _given = given


def _call(function: Callable[[Job, Given], Found], job: Job) -> Found:
    return function(job, _given)
