"""Serve both flows of every study on the cron schedules of params.yaml, on this machine."""

from __future__ import annotations

from typing import Any

from flows.environment import prepare
from flows.paths import project_root
from flows.settings import load_settings, read_studies


def main() -> None:
    """Serve until stopped; a run that finds its study busy is cancelled, since scoring again changes nothing."""
    root = project_root()
    prepare(root)
    from prefect import serve
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.schedules import Cron

    from flows.retrain import retrain
    from flows.score import score

    one_at_a_time = ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
    deployments: list[Any] = []
    for study in read_studies(root):
        schedule = load_settings(root, study, depth="block").schedule
        for flow, cron in ((retrain, schedule.retrain), (score, schedule.score)):
            deployments.append(
                flow.to_deployment(
                    name=f"{flow.name}-{study}",
                    parameters={"study": study},
                    schedule=Cron(cron, timezone=schedule.timezone),
                    concurrency_limit=one_at_a_time,
                )
            )
    # a restart must not leave the schedules paused
    serve(*deployments, pause_on_shutdown=False)


if __name__ == "__main__":
    main()
