"""Looking at a drop's files in several processes, as its shards are worked on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.fitting.machines import run_jobs
from flows.project.machines import MachineSettings
from flows.project.settings import StudySettings
from flows.study.study import Study
from schemas.contract import Contract
from schemas.sharding.plan import Spread


@dataclass(frozen=True)
class Call:
    """A function of jobs and a contract, and where the contract comes from; it travels to other processes."""

    root: Path
    name: str
    settings: StudySettings
    function: Callable[[Any, Contract], Any]


def spread_over(study: Study, machines: MachineSettings) -> Spread | None:
    """How jobs on files are spread over machines; None where there are no others."""
    if machines.kind == "serial":
        return None

    def spread(function: Callable[[Any, Contract], Any], jobs: Sequence[Any]) -> Iterable[Any]:
        call = Call(study.root, study.name, study.settings, function)
        return run_jobs(_call, jobs, call, title="tables", machines=machines, name=_name)

    return spread


def _call(job: Any, call: Call) -> Any:
    return call.function(job, Study(call.root, call.name, given=call.settings).contract)


def _name(job: Any) -> str:
    return ""
