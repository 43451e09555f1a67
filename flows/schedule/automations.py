"""The automations that are wanted: what they wait for, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.nightly.alerts.message import EVENT
from flows.project.alerts import KINDS, AlertSettings

NAME = "mtl-health: "
PARTS = ("kind", "study", "subject", "cause", "next", "link")
"""What a message says, in the order of its JSON."""
OWN: dict[str, str | list[str]] = {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.mtl-health"}
RUN = "prefect.flow-run"
SILENT = timedelta(minutes=15)  # a run's heart beats every three minutes
ONCE = timedelta(hours=1)  # after an outage all runs that were due come at once, and all but one are cancelled
_OF_OURS = {part: f"event.payload.{part}" for part in PARTS}
_RUN = {
    "study": "flow_run.parameters.study",
    "next": "'mtl-health doctor ' ~ flow_run.parameters.study",
    "link": "flow_run | ui_url",
}


def wanted(settings: AlertSettings, actions: Callable[[dict[str, str]], list[ActionTypes]]) -> Iterator[AutomationCore]:
    """One automation a kind; and those that see what no run of ours can tell itself.

    Args:
        settings: what is told.
        actions: what tells all receivers a message, given the template of each of its parts.
    """
    for kind in settings.kinds:
        if kind != "missed":
            trigger = EventTrigger(expect={f"{EVENT}.{kind}"})
            yield _automation(kind, f"Tells that {KINDS[kind]}.", trigger, actions(_OF_OURS))
    if "failure" in settings.kinds:
        crash = EventTrigger(expect={f"{RUN}.Crashed"}, match_related=OWN)
        yield _automation("crash", "Tells that a run was killed or its machine died.", crash, actions(_crash()))
        # a beat of a short run may arrive after its end and start this in vain: an ended run is not changed
        silence = EventTrigger(
            after={f"{RUN}.heartbeat", f"{RUN}.Running", f"{RUN}.Retrying"},
            expect={f"{RUN}.*"},
            match={"prefect.resource.id": f"{RUN}.*"},
            match_related=OWN,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            within=SILENT,
        )
        words = "the run showed no sign of life for 15 minutes: it was killed, or its machine died"
        gone = ChangeFlowRunState(state=StateType.CRASHED, name="Crashed", message=words, force=False)
        yield _automation("silence", "Calls a run Crashed that shows no sign of life.", silence, [gone])
    if "missed" in settings.kinds:
        late = EventTrigger(
            after={f"{RUN}.Late"},
            expect={f"{RUN}.{state}" for state in ("Pending", "Running", "Cancelled", "Crashed", "Failed")},
            match={"prefect.resource.id": f"{RUN}.*"},
            match_related=OWN,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            within=timedelta(minutes=settings.late_minutes),
        )
        description = f"Tells of a run that has not started {settings.late_minutes:g} minutes after it was late."
        yield _automation("missed", description, late, actions(_missed(settings.late_minutes)))
        busy = EventTrigger(
            expect={f"{RUN}.Cancelled"},
            match={"prefect.state-message": "Deployment concurrency limit reached*"},
            match_related=OWN,
            for_each={"related:deployment:prefect.resource.id"},
            within=ONCE,
        )
        description = "Tells of a run that was cancelled since the one before it still holds its place."
        yield _automation("cancelled", description, busy, actions(_cancelled()))


def _automation(name: str, description: str, trigger: EventTrigger, actions: list[ActionTypes]) -> AutomationCore:
    words = f"{description} Made by `make serve` from `alerts` in params.yaml: changes here do not stay."
    return AutomationCore(name=f"{NAME}{name}", description=words, trigger=trigger, actions=actions)


def _crash() -> dict[str, str]:
    subject = "flow_run.parameters.study ~ ': ' ~ flow.name ~ ' was ended from outside'"
    cause = "flow_run.state.message or 'its process ended without a word'"
    return _ordered({**_RUN, "kind": "'failure'", "subject": subject, "cause": cause})


def _missed(minutes: float) -> dict[str, str]:
    subject = "flow_run.parameters.study ~ ': ' ~ flow.name ~ ' did not start'"
    cause = (
        f"'it was due at ' ~ flow_run.expected_start_time.strftime('%Y-%m-%d %H:%M') ~ ' UTC and has not started "
        f"within {minutes:g} minutes: nothing serves it'"
    )
    return _ordered({**_RUN, "kind": "'missed'", "subject": subject, "cause": cause})


def _cancelled() -> dict[str, str]:
    subject = "flow_run.parameters.study ~ ': ' ~ flow.name ~ ' was cancelled'"
    cause = (
        "'it was due at ' ~ flow_run.expected_start_time.strftime('%Y-%m-%d %H:%M') ~ ' UTC, when the run before it "
        "still worked, or was killed and held its place'"
    )
    return _ordered({**_RUN, "kind": "'missed'", "subject": subject, "cause": cause})


def _ordered(texts: dict[str, str]) -> dict[str, str]:
    return {part: texts[part] for part in PARTS}
