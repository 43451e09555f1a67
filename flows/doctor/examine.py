"""All checks of an installation, in the order in which they are said: a new one is a function and a line here."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

from flows.doctor import locks, machine, serving, study
from flows.doctor.api import Api
from flows.doctor.finding import Check, Finding, Place, StudyCheck
from flows.project.errors import is_failure, sentence_of
from flows.project.settings import read_studies
from mtl_models.wording import unknown

CHECKS: dict[str, Check] = {
    "python": machine.python,
    "disk": machine.disk,
    "clock": machine.clock,
    "locks": locks.locks,
    "server": serving.server,
    "schedules": serving.schedules,
    "runs": serving.runs,
    "alerts": serving.alerts,
}
STUDY_CHECKS: dict[str, StudyCheck] = {
    "params": study.params,
    "raw data": study.raw,
    "inbox": study.inbox,
    "registry": study.registry,
    "tables": study.tables,
    "nights": study.nights,
}


def examine(root: Path, only: str | None = None, now: dt.datetime | None = None) -> Iterator[tuple[str, Finding]]:
    """Look at an installation and give what was found, each behind the name of its check. Nothing is changed.

    Args:
        root: the project's folder.
        only: the one study to look at; all if left out.
        now: the moment of the look.

    Raises:
        ValueError: if there is no such study.
    """
    home = Path(os.environ.get("PREFECT_HOME") or root / ".prefect")
    place = Place(root, home, now or dt.datetime.now(dt.UTC), Api.of(home), only)
    try:
        known = read_studies(root)
    except ValueError as error:  # without it no study can be looked at
        yield "params", Finding("fault", sentence_of(error), "mend params.yaml")
        return
    if only is not None and only not in known:
        raise ValueError(f"params.yaml: {unknown(only, known)}")
    for name, check in CHECKS.items():
        yield from ((name, found) for found in _guarded(check(place)))
    for one in place.studies:
        for name, study_check in STUDY_CHECKS.items():
            yield from ((f"{one.name}: {name}", found) for found in _guarded(study_check(place, one)))


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    """What a check finds; what it stumbles over is a fault too."""
    try:
        yield from findings
    except BaseException as error:
        if not is_failure(error):
            raise
        said = sentence_of(error)
    else:
        return
    yield Finding("fault", said, "MTL_HEALTH_TRACEBACK=1 mtl-health doctor")
