"""What runs on a worker of a cluster: one job, with what is given to all of them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.fitting.machines.likeness import likeness, unlike
from flows.project.errors import WorkerError, in_worker

_held: dict[str, Any] = {}  # of the jobs that run here now, what is given to them


@dataclass(frozen=True)
class Failed:
    """Why a job failed. It is no error on its way: Dask would write the job and what is given into its log."""

    sentence: str


def do_job(
    function: Callable[[Any, Any], Any], job: Any, given: bytes, key: str, there: Mapping[str, str]
) -> Any | Failed:
    """What a function gives for a job here.

    Args:
        function, job: see :func:`flows.fitting.machines.run_jobs`.
        given: what all jobs use, as bytes; it is opened once.
        key: what all jobs with this ``given`` have in common.
        there: the likeness of the process that asks. A worker may come when the others were looked at.
    """
    if said := unlike(there, "the process that asks a worker of the cluster for jobs"):
        return Failed(said)
    os.umask(0o077)  # what is written is its owner's
    try:
        return in_worker(lambda each: function(each, _opened(key, given)), job)
    except WorkerError as error:
        return Failed(str(error))


def _opened(key: str, given: bytes) -> Any:
    if key not in _held:
        _held.clear()
        _held[key] = pickle.loads(given)
    return _held[key]


def forget(key: str) -> None:
    """Let go of what was given: it may be people's data."""
    _held.pop(key, None)


def whole(given: bytes) -> bytes:
    """What is given, as something that a scheduler can have made again where it was lost."""
    return given


def look() -> Mapping[str, str]:
    """What this worker is like."""
    return likeness()
