"""Checks of Prefect: its server, who serves, deployments and their schedules, runs that hang, alerts."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterator
from typing import Any

from flows.doctor.finding import Finding, Place, some
from flows.project.alerts import read_alerts
from flows.project.paths import read_json
from flows.project.server import Serving
from mtl_models.wording import SettingsError

LONG_HOURS = 5  # a retraining is ended after four
FLOWS = ("retrain", "score", "upkeep")


def server(place: Place) -> Iterator[Finding]:
    """Whether the server answers, is this checkout's, and `make serve` works."""
    serving, api = Serving.read(place.home), place.api
    if not api.answers:
        if api.is_named:
            words = f"PREFECT_API_URL names {api.url}, where no Prefect server answers"
            yield Finding("fault", words, "start that server, or unset PREFECT_API_URL")
        elif serving:
            words = f"`make serve` of {serving.since[:16].replace('T', ' ')} UTC has ended: no night starts by itself"
            yield Finding("fault", words, "make serve")
        else:
            words = "nothing was ever served here: nights start by hand or from another scheduler"
            yield Finding("note", words, "make serve")
        return
    if not api.is_named and api.home not in (None, place.home.resolve()):
        words = f"at {api.url} answers the server of another checkout, {api.home}"
        yield Finding("fault", words, "stop it, or PREFECT_SERVER_API_PORT=4300 make serve")
        return
    if serving and not serving.is_alive() and not api.is_named:
        words = f"the server at {api.url} answers, but `make serve` (process {serving.pid}) is gone: no run starts"
        yield Finding("fault", words, "make serve")
        return
    yield Finding("ok", f"the server at {api.url} answers")


def schedules(place: Place) -> Iterator[Finding]:
    """Whether every study's flows are scheduled as params.yaml says, and somebody runs them."""
    if not place.api.answers:
        return
    found = {each["name"]: each for each in place.api.all("deployments")}
    wrong = 0
    for study in place.studies:
        for flow in FLOWS:
            fault = _schedule_fault(found.get(f"{flow}-{study.name}"), study.settings.schedule, flow)
            if fault:
                wrong += 1
                yield Finding("fault", f"{flow}-{study.name} {fault[0]}", fault[1])
    ours = [
        each for name, each in found.items() if any(name == f"{flow}-{s.name}" for s in place.studies for flow in FLOWS)
    ]
    if ours and all(each.get("status") == "NOT_READY" for each in ours):
        wrong += 1
        words = "no process asks the server for runs: they become late and do not start"
        yield Finding("fault", words, "make serve, or prefect worker start --pool mtl-health")
    if not wrong:
        yield Finding("ok", f"{len(ours)} schedules are as in params.yaml")


def _schedule_fault(deployment: dict[str, Any] | None, wanted: Any, flow: str) -> tuple[str, str] | None:
    """What is wrong with a deployment, and what to type."""
    again = "start make serve again"
    if deployment is None:
        return "is not scheduled", f"{again}; from a pool: prefect deploy --all"
    name = f"{flow}/{deployment['name']}"
    lines = [each for each in deployment.get("schedules", []) if "cron" in each.get("schedule", {})]
    if deployment.get("paused"):
        return "is paused", f"prefect deployment schedule ls {name}; switch it on in Prefect's pages, or {again}"
    if not any(each["active"] for each in lines):
        return "has no schedule that is switched on", f"prefect deployment schedule resume {name}, or {again}"
    held = lines[0]["schedule"]
    if (held["cron"], held.get("timezone")) != (getattr(wanted, flow), wanted.timezone):
        words = f"is scheduled for {held['cron']} {held.get('timezone')}, params.yaml says "
        return f"{words}{getattr(wanted, flow)} {wanted.timezone}", again
    return None


def runs(place: Place) -> Iterator[Finding]:
    """Runs that hold the place of a deployment though nothing runs, and what ended badly of late."""
    if not place.api.answers:
        return
    names = {f"{flow}-{study.name}" for study in place.studies for flow in FLOWS}
    ours = [each for each in place.api.all("deployments") if each["name"] in names]
    running = place.api.all("flow_runs", flow_runs={"state": {"type": {"any_": ["RUNNING", "PENDING"]}}})
    at_work = {each.get("deployment_id") for each in running}
    stuck = [each for each in ours if _slots(each) and each["id"] not in at_work]
    for each in stuck:
        words = f"{each['name']}: a run that is gone still holds its place, so every new one is cancelled"
        limit = (each.get("global_concurrency_limit") or {}).get("name", "")
        yield Finding("fault", words, f"prefect gcl update {limit} --active-slots 0")
    hanging = [each for each in running if _hours(each, place.now) > LONG_HOURS]
    for each in hanging:
        words = f"{each['name']} has been Running for {_hours(each, place.now):.0f} hours: it was killed, or hangs"
        yield Finding("fault", words, f"{_pages(place.api.url)}/runs/flow-run/{each['id']}: cancel it there")
    ended = place.api.all(
        "flow_runs", flow_runs={"state": {"type": {"any_": ["FAILED", "CRASHED"]}}}, sort="EXPECTED_START_TIME_DESC"
    )[:1]
    if ended:
        last = ended[0]
        due = str(last.get("expected_start_time"))[:16].replace("T", " ")
        words = f"the last run that failed is {last['name']}, due at {due} UTC"
        yield Finding("note", words, f"{_pages(place.api.url)}/runs/flow-run/{last['id']}")
    if not stuck and not hanging and not ended:
        yield Finding("ok", "no run failed of late, none hangs")


def _hours(run: dict[str, Any], now: dt.datetime) -> float:
    """How long a run has been in its state."""
    return (now - dt.datetime.fromisoformat(run["state"]["timestamp"])).total_seconds() / 3600


def _slots(deployment: dict[str, Any]) -> int:
    return int((deployment.get("global_concurrency_limit") or {}).get("active_slots") or 0)


def _pages(api: str) -> str:
    return os.environ.get("PREFECT_UI_URL", api.removesuffix("/api"))


def alerts(place: Place) -> Iterator[Finding]:
    """Whether somebody is told of a night, and what was told and is not mended yet."""
    try:
        settings = read_alerts(place.root)
    except SettingsError as error:
        yield Finding("fault", error.sentences[0], "mend the block `alerts`")
        return
    for study in place.studies:
        things = read_json(study.paths.told) if study.paths.told.is_file() else {}
        for thing, told in things.items():
            kind = told["kinds"][-1]
            what = thing if thing.startswith(f"{kind} ") else f"{kind} of {thing}"
            words = f"{study.name}: {what} was told on {told['since'][:10]} and is not mended yet"
            yield Finding("note", words, told["next"])
    if not settings.to:
        yield Finding("note", "nobody is told of a night: params.yaml has no `alerts`", "docs/operations.md, Alerts")
        return
    if not place.api.answers:
        unset = sorted({each.url_from for each in settings.to.values() if each.url_from} - set(os.environ))
        words = f"{some(list(settings.to))} is told once `make serve` works"
        yield Finding("note", words, f"set {some(unset)} there" if unset else "")
        return
    ours = [each for each in place.api.all("automations") if each["name"].startswith("mtl-health: ")]
    off = [each["name"] for each in ours if not each["enabled"]]
    if not ours:
        yield Finding(
            "fault", "`alerts` stands in params.yaml, but the server has no automation of it", "start make serve again"
        )
    elif off:
        yield Finding("fault", f"automations are switched off: {some(off)}", "switch them on in Prefect's pages")
    else:
        yield Finding("ok", f"{some(list(settings.to))} told of {len(settings.kinds)} kinds of event")
