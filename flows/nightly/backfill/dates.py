"""The dates of a backfill that are to be done: each whole or not at all, several at once where none needs another."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.fitting.machines import run_jobs
from flows.nightly import refused, steps, stopped
from flows.nightly.again import settled
from flows.nightly.backfill.plan import DUE, FAILED, REFUSED, SCORED, SHORT, DatePlan
from flows.nightly.run import Run, open_run
from flows.nightly.trouble import REFUSALS, trying
from flows.project.deadline import deadline
from flows.project.errors import is_failure, sentence_of
from flows.project.machines import SERIAL, MachineSettings
from flows.project.settings import StudySettings
from flows.stores.inbox import Inbox
from flows.stores.staging import staging
from flows.study.study import Study


@dataclass(frozen=True)
class Given:
    """What all dates have in common; it travels to the processes that work on them.

    Attributes:
        machines: that share the shards of one date.
    """

    root: Path
    name: str
    settings: StudySettings
    machines: MachineSettings


def do_dates(study: Study, plans: Sequence[DatePlan]) -> Iterator[DatePlan]:
    """Score the dates that are to be done, and give what came of each.

    A date whose drop has not landed yet is worked on after those before it: who came before is known then. Dates of
    which all have landed need nothing of each other, and processes of this machine share them.
    """
    due = [plan for plan in plans if plan.state == DUE]
    machines, alone = study.machines, len(due) < 2
    given = Given(study.root, study.name, study.settings, machines)
    if machines.kind == "processes" and not alone and _need_no_order(study, due):
        given = replace(given, machines=SERIAL)
    else:
        machines = SERIAL
    yield from run_jobs(do_date, due, given, title="dates", machines=machines, name=lambda plan: plan.date)


def _need_no_order(study: Study, plans: Sequence[DatePlan]) -> bool:
    """Whether no date is told by another who came before: a study of one table does not ask."""
    one_table = len(study.contract.tables) == 1
    return one_table or not study.settings.landing or all(plan.landed for plan in plans)


def do_date(plan: DatePlan, given: Given) -> DatePlan:
    """Score one date, and give what came of it; what goes wrong with it keeps no other date from being scored."""
    os.umask(0o077)
    study = Study(given.root, given.name, given=given.settings)
    try:
        trying(lambda: score_date(study, plan.date, plan.version, given.machines), given.settings.night)
    except REFUSALS as error:
        return replace(plan, state=REFUSED, why=sentence_of(error))
    except BaseException as error:
        if not is_failure(error):
            raise
        return replace(plan, state=FAILED, why=sentence_of(error))
    return replace(plan, state=SCORED, why=f"now, by model {(plan.version or '')[:SHORT]}")


def score_date(study: Study, date: str, version: str | None, machines: MachineSettings = SERIAL) -> dict[str, Any]:
    """Score a date's drop as the flow `score` does, without Prefect; give the ledger's row."""
    Inbox(study.inbox).require_settled(date, study.settings.night.settle_s)
    run = open_run(study, date, version)
    with staging(run.staging, study.paths.staging / date):
        if row := settled(run):
            return row
        seconds = study.settings.night.score_timeout_s
        try:
            with deadline(seconds, f"scoring {date}", "night.score_timeout_s"):
                steps.work_through_all(run, study.settings.shards, machines)
                require_judged(run, steps.Gathered(run))
                row = steps.publish(run)
        except REFUSALS as error:
            refused.keep(run, sentence_of(error))
            raise
        stopped.clear(study, date)
        refused.clear(run)
        return {**row, "unchanged": False}


def require_judged(run: Run, gathered: steps.Gathered) -> None:
    """Stop a drop that loses more than the limits allow, its rejects kept, or that could not be scored."""
    judgement = gathered.judgement()
    if judgement.stops:
        judgement.require(stopped.keep(run, gathered, judgement.lines()))
    gathered.require_scored()
