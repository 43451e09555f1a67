"""Serve the flows of every study on the cron schedules of params.yaml, on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from flows.project.environment import prepare
from flows.project.errors import sentence_of
from flows.project.paths import project_root
from flows.project.settings import ScheduleSettings, read_studies
from flows.schedule.alerts import TAG, set_up
from flows.study.load import read_study
from mtl_models.wording import SettingsError

FLOWS = ("retrain", "score", "upkeep")
"""The flows of a study, by the names of their schedules."""


def read_schedules(root: Path) -> tuple[dict[str, ScheduleSettings], list[str]]:
    """The schedule of every study that has a sound one, and the faults of all studies.

    A study with another fault is served: its run fails and says so, where nobody would miss a run that never starts.

    Raises:
        SettingsError: if no study can be served.
    """
    schedules, faults = dict[str, ScheduleSettings](), list[str]()
    for study in read_studies(root):
        settings, found = read_study(root, study, depth="block")
        faults += found
        if settings is not None and not any(f"studies.{study}.schedule" in fault for fault in found):
            schedules[study] = settings.schedule
    if not schedules:
        raise SettingsError(faults)
    return schedules, faults


def said_of_alerts(root: Path) -> list[str]:
    """Set alerts up and give what is to be said of it; what is wrong with them stops no night."""
    try:
        return set_up(root)
    except Exception as error:
        return [f"alerts: they were left as they were: {sentence_of(error)}"]


def main() -> None:
    """Serve until stopped; a run that finds its study busy is cancelled, since scoring again changes nothing."""
    root = project_root()
    prepare(root)
    from prefect import serve
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.schedules import Cron

    from flows.nightly.backfill.flow import backfill
    from flows.nightly.retrain import retrain
    from flows.nightly.score import score
    from flows.nightly.upkeep import upkeep

    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployments: list[Any] = []
    schedules, faults = read_schedules(root)
    for fault in faults:
        print(fault, file=sys.stderr, flush=True)
    for line in said_of_alerts(root):
        print(line, flush=True)
    for study, schedule in schedules.items():
        for flow, cron in ((retrain, schedule.retrain), (score, schedule.score), (upkeep, schedule.upkeep)):
            deployments.append(
                flow.to_deployment(
                    name=f"{flow.name}-{study}",
                    parameters={"study": study},
                    schedule=Cron(cron, timezone=schedule.timezone),
                    concurrency_limit=one_at_a_time,
                    tags=[TAG, study],
                )
            )
        # asked for by hand, in Prefect's pages or by its API
        deployments.append(
            backfill.to_deployment(
                name=f"backfill-{study}",
                parameters={"study": study},
                concurrency_limit=one_at_a_time,
                tags=[TAG, study],
            )
        )
    # a restart must not leave the schedules paused
    serve(*deployments, pause_on_shutdown=False)


if __name__ == "__main__":
    main()
