"""Prefect's tries of a task: again only where its error may be over in a while, each wait twice as long as the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from flows.nightly.trouble import may_pass, waits_of
from flows.project.night import NightSettings

Given = ParamSpec("Given")
Found = TypeVar("Found")


def trying(task: Task[Given, Found], settings: NightSettings) -> Callable[Given, Found]:
    """A task that is tried again as params say."""
    tries = {"retries": settings.retries, "retry_delay_seconds": waits_of(settings), "retry_condition_fn": _may_help}
    tried = task.with_options(**tries) if settings.retries else task  # type: ignore[arg-type]
    return cast(Callable[Given, Found], tried)


def _may_help(task: Task[Any, Any], run: TaskRun, state: State[Any]) -> bool:
    error = state.result(raise_on_failure=False)
    return isinstance(error, BaseException) and may_pass(error)
