"""Which night a run is for, and what it is called in Prefect's pages: its study and date."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import runtime

from flows.project.dates import date_of_run
from flows.project.paths import project_root
from flows.study.study import Study
from mtl_models.wording import SettingsError


def night_of(flow: str, given: dict[str, Any], due: datetime | None) -> tuple[Study, str]:
    """The study of a run and its date: the one that was asked for, or the day that the run was due.

    Args:
        flow: its name.
        given: its parameters.
        due: when it was scheduled; now if it was not.
    """
    study, due = Study(project_root(), given["study"], "block"), due or datetime.now(UTC)
    if given.get("date"):
        return study, str(given["date"])
    try:
        schedule = study.settings.schedule
        return study, date_of_run(due, getattr(schedule, flow, schedule.score), schedule.timezone)
    except SettingsError:  # a run says so itself
        return study, due.date().isoformat()


def of_night() -> str:
    """The name of the run that begins."""
    run = runtime.flow_run
    study, date = night_of(run.flow_name or "", run.parameters, run.scheduled_start_time)
    return f"{study.name} {date}"
