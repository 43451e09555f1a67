"""The flow ``score``: a date's drop becomes that date's rows of the score table."""

from __future__ import annotations

import datetime as dt
from typing import Any

from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE
from prefect.utilities.urls import url_for

from flows.nightly import refused, steps, stopped
from flows.nightly.again import settled
from flows.nightly.alerts.hooks import TELLING
from flows.nightly.artifacts import show
from flows.nightly.fresh import nothing_to_score
from flows.nightly.lineage import told
from flows.nightly.plain_log import plain_log
from flows.nightly.retries import trying
from flows.nightly.run import Run, open_run
from flows.nightly.run_name import of_night
from flows.nightly.trouble import REFUSALS
from flows.nightly.watch.telling import tell_alarms, watch_run
from flows.project.access import apply
from flows.project.dates import check_date, date_of_run
from flows.project.deadline import deadline
from flows.project.errors import sentence_of, value_free
from flows.project.paths import project_root
from flows.project.settings import StudySettings
from flows.stores.inbox import Inbox
from flows.stores.staging import staging
from flows.study.study import Study


@task(name="find drop and model", cache_policy=NO_CACHE)
@value_free
def find(study: Study, date: str) -> Run:
    """Find what is to be scored by what, when nobody is copying it any more."""
    Inbox(study.inbox).require_settled(date, study.settings.night.settle_s)
    return open_run(study, date)


@task(name="look at drop", cache_policy=NO_CACHE)
@value_free
def look_at_drop(run: Run, disordered: list[str]) -> int:
    """Find out how the drop is read by shards of people, and give their number."""
    return steps.look_at_drop(run, disordered, run.study.settings.shards, run.study.machines)


@task(name="work on shards", cache_policy=NO_CACHE)
@value_free
def work_through(run: Run, n_shards: int) -> str | None:
    """Validate all shards, build their features and score them; give the table that has to be parted first.

    One task for all: it is the machines that share the shards, a task for each would cost more than a small shard.
    """
    return steps.work_through(run, n_shards, run.study.machines)


@task(name="judge drop", cache_policy=NO_CACHE)
@value_free
def judge_drop(run: Run) -> None:
    """Add the shards up; stop if the drop loses more than the study's limits allow, or could not be scored."""
    gathered = steps.Gathered(run)
    judgement = gathered.judgement()
    show(run.study, "score-validate", {**judgement.shown(), **gathered.summary})
    if judgement.stops:
        judgement.require(stopped.keep(run, gathered, judgement.lines()))
    gathered.require_scored()
    show(run.study, "score-shards", gathered.shown())


@task(name="publish scores", cache_policy=NO_CACHE)
@value_free
def publish(run: Run) -> dict[str, Any]:
    """Replace the date in the published tables."""
    row = steps.publish(run)
    stopped.clear(run.study, run.date)
    refused.clear(run)
    shown = {name: row[name] for name in ("run_id", "batch", "model_version", "seconds")}
    show(run.study, "score-publish", {**shown, **{k: v for k, v in row.items() if k.startswith("n_")}})
    return row


@task(name="watch", cache_policy=NO_CACHE)
@value_free
def watch(run: Run) -> None:
    """Keep what is watched of the date, and tell of alarms; what goes wrong here keeps no night from its end."""
    try:
        night = watch_run(run)
        show(run.study, "score-watch", {"in alarm": [alarm.words for alarm in night.alarms] or "nothing"})
        tell_alarms(run.study, night, url_for("flow-run", runtime.flow_run.id) or "")
    except Exception as error:
        said = sentence_of(error)
        get_run_logger().warning(f"the night is scored but was not watched: {said}; `mtl-health watch` tries again")


def scheduled_date(settings: StudySettings) -> str:
    """The date of the scheduled start, in the schedule's time zone.

    Raises:
        RuntimeError: if the run starts too long after it was due: scores of another day would look like that day's.
    """
    due = runtime.flow_run.scheduled_start_time or dt.datetime.now(dt.UTC)
    late = (dt.datetime.now(dt.UTC) - due).total_seconds() / 3600
    if late > settings.schedule.max_hours_late:
        raise RuntimeError(
            f"this run was due {late:.1f} hours ago, more than {settings.schedule.max_hours_late:g}: "
            "score that date by name with `mtl-health score --date`"
        )
    return date_of_run(due, settings.schedule.score, settings.schedule.timezone)


@flow(name="score", flow_run_name=of_night, validate_parameters=True, **TELLING)
@value_free
@told("score")
def score(study: str, date: str | None = None, force: bool = False) -> dict[str, Any]:
    """Score a date's drop; the same drop, model, params and code again change nothing, nor does a date without one.

    Args:
        study: name of a block of params.yaml.
        date: ISO date of the drop; the day of the scheduled start when left out.
        force: write the date again even if nothing changed.
    """
    plain_log()
    root = project_root()
    apply(root)  # a worker of a pool comes here without the command line
    one = Study(root, study)
    date = scheduled_date(one.settings) if date is None else check_date(date)
    if said := nothing_to_score(one, date):
        show(one, "score-publish", {"nothing to score": said})
        return {"flow": "score", "batch": date, "nothing": said, "unchanged": True}
    night = one.settings.night
    run = trying(find, night)(one, date)
    with staging(run.staging, one.paths.staging / date):
        if not force and (row := settled(run)):
            return row
        try:
            with deadline(night.score_timeout_s, f"scoring {date}", "night.score_timeout_s"):
                work_through_all(run)
                trying(judge_drop, night)(run)
                row = trying(publish, night)(run)
        except REFUSALS as error:
            refused.keep(run, sentence_of(error))
            raise
        watch(run)
        return {**row, "unchanged": False}


def work_through_all(run: Run) -> None:
    """Work on all shards of the drop; a table that seemed to be in the order of its keys and is not is parted first."""
    disordered: list[str] = []
    look, work = (trying(each, run.study.settings.night) for each in (look_at_drop, work_through))
    while table := work(run, look(run, disordered)):
        disordered.append(table)
