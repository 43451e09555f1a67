"""What the flows tell at their end, after all retries: `@flow(..., **TELLING)`."""

from __future__ import annotations

from functools import wraps
from typing import Any, TypedDict

from prefect.client.schemas.objects import FlowRun, State
from prefect.flows import Flow, FlowStateHook
from prefect.logging.loggers import flow_run_logger
from prefect.utilities.urls import url_for

from flows.nightly.alerts.message import Message, one_sentence
from flows.nightly.alerts.stale import tell_of_tables
from flows.nightly.alerts.told import forget, mended, remember, tell
from flows.nightly.run_name import night_of
from flows.nightly.trouble import REFUSALS
from flows.project.errors import is_failure, sentence_of
from flows.project.storage import shown
from flows.study.study import Study

Hook = FlowStateHook[..., Any]
NOT_PROMOTED = "not promoted"


class Telling(TypedDict):
    """Arguments of Prefect's ``flow``."""

    on_failure: list[Hook]
    on_crashed: list[Hook]
    on_completion: list[Hook]


def _quiet(hook: Hook) -> Hook:
    """Let a message that cannot be sent disturb no run, and no text of an error into the log."""

    @wraps(hook)
    def quiet(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
        try:
            hook(flow, flow_run, state)
        except BaseException as error:
            if not is_failure(error):
                raise
            said = sentence_of(error)
        else:
            return
        flow_run_logger(flow_run, flow).warning(f"nobody could be told of this run: {said}")

    return quiet


@_quiet
def tell_failure(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Tell that a run failed, or that what it was given was refused."""
    study, date = night_of(flow.name, flow_run.parameters, flow_run.expected_start_time)
    error = state.result(raise_on_failure=False)
    kind = "refusal" if isinstance(error, REFUSALS) else "failure"
    cause = one_sentence(str(error) if isinstance(error, Exception) else state.message or "no reason given")
    link = url_for(flow_run) or ""
    refused = kind == "refusal"
    if flow.name == "score":
        subject = f"{study.name}: the night of {date} was not scored" + (", its drop is refused" if refused else "")
    else:
        subject = f"{study.name}: {flow.name} " + ("is refused" if refused else "failed")
    following = _command(flow, study, date, refused=refused)
    tell(study, Message(kind, study.name, _thing(flow, date), subject, cause, following, link))
    tell_of_tables(study.root, link)


@_quiet
def note_crash(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Note that a run was ended from outside, for its mending to be told: the crash itself is told by Prefect."""
    study, date = night_of(flow.name, flow_run.parameters, flow_run.expected_start_time)
    cause, following = one_sentence(state.message or "no reason given"), _command(flow, study, date, refused=False)
    remember(study, Message("failure", study.name, _thing(flow, date), "", cause, following))


@_quiet
def tell_success(flow: Flow[Any, Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Tell that what failed before is mended, and what the gate said if it said no."""
    study, date = night_of(flow.name, flow_run.parameters, flow_run.expected_start_time)
    row, link = state.result(raise_on_failure=False), url_for(flow_run) or ""
    if isinstance(row, dict) and "nothing" in row:
        pass  # nothing was mended, and nothing failed
    elif flow.name == "score":
        words = f"{study.name}: the night of {date} is scored again"
        mended(study, _thing(flow, date), words, f"mtl-health tonight --study {study.name} --date {date}", link)
    else:
        words = f"{study.name}: {flow.name} works again"
        mended(study, _thing(flow, date), words, f"mtl-health report --study {study.name}", link)
    if isinstance(row, dict) and flow.name == "retrain":
        _tell_gate(study, row, link)
    tell_of_tables(study.root, link)


def _tell_gate(study: Study, row: dict[str, Any], link: str) -> None:
    """Tell once of each model that the gate refused."""
    if row["promoted"] or not str(row.get("reason", "")).startswith(NOT_PROMOTED):
        forget(study, "gate ")
        return
    cause = one_sentence(str(row["reason"]))
    subject = f"{study.name}: the new model does not replace the champion"
    following = f"mtl-health report --study {study.name}"
    tell(study, Message("gate", study.name, f"gate {row['model_version'][:12]}", subject, cause, following, link))


def _thing(flow: Flow[Any, Any], date: str) -> str:
    return f"{flow.name} {date}" if flow.name == "score" else flow.name


def _command(flow: Flow[Any, Any], study: Study, date: str, *, refused: bool) -> str:
    """What to type after a failure."""
    if flow.name != "score":
        return f"mtl-health check {study.name}" if refused else f"mtl-health doctor {study.name}"
    if not refused:
        return f"mtl-health score --study {study.name} --date {date}"
    drop = shown(study.inbox / date, study.root)
    return f"mtl-health validate --study {study.name} --scoring {drop}"


TELLING = Telling(on_failure=[tell_failure], on_crashed=[note_crash], on_completion=[tell_success])
"""What a flow of a study is given to tell how it ended."""
