"""Where jobs are done: here one by one, in processes, or on a Dask cluster. Adding a kind is a file and a line.

Nothing that comes out depends on the kind: jobs are given in order, and so are their results.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from flows.project.machines import MachineSettings
from mtl_models.registry import Registry

Job = TypeVar("Job")
Given = TypeVar("Given")
Found = TypeVar("Found")


@dataclass(frozen=True)
class Shown:
    """What a progress bar says of jobs.

    Attributes:
        title: of all.
        name: of one that is done.
    """

    title: str
    name: Callable[[Any], str] = str


class Executor(Protocol):
    """A kind of place where jobs are done.

    It survives a worker that is killed: its job is done again elsewhere. So a job may be done twice.
    """

    def __call__(
        self,
        function: Callable[[Any, Any], Any],
        jobs: Sequence[Any],
        given: Any,
        machines: MachineSettings,
        shown: Shown,
    ) -> Generator[Any, None, None]:
        """What the function gives for every job, in the order of the jobs; there is one job at least."""


EXECUTORS: Registry[Executor] = Registry(
    "flows.fitting.machines",
    {"serial": "serial:in_turn", "processes": "processes:in_several", "dask": "cluster:on_cluster"},
)
"""The kinds by the name that ``machines.kind`` in params.yaml gives them."""


def run_jobs(
    function: Callable[[Job, Given], Found],
    jobs: Sequence[Job],
    given: Given,
    *,
    title: str,
    machines: MachineSettings,
    name: Callable[[Job], str] = str,
) -> Generator[Found, None, None]:
    """What a function gives for every job, in the order of the jobs, with a progress bar over them.

    Args:
        function: of a module, called with a job and what is given. A job may be done more than once.
        jobs: they travel each, so they are small.
        given: what all jobs use; it travels to each process once.
        title, name: of the bar, and of a job that is done.
        machines: where the jobs are done.
    """
    if jobs:
        with closing(EXECUTORS[machines.kind](function, jobs, given, machines, Shown(title, name))) as found:
            yield from found
