"""The flow ``backfill``: dates that are scored later, or again by another model, in one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.nightly.alerts.hooks import TELLING
from flows.nightly.backfill.dates import do_dates
from flows.nightly.backfill.plan import CHAMPION, DUE, FAILED, REFUSED, DatePlan, dates_between, plan_dates
from flows.nightly.plain_log import plain_log
from flows.project.access import apply
from flows.project.errors import value_free
from flows.project.paths import project_root
from flows.study.study import Study


class UndoneError(RuntimeError):
    """Some dates could not be scored."""


@task(name="plan dates", cache_policy=NO_CACHE)
@value_free
def plan(study: Study, dates: list[str], model: str, again: bool) -> list[DatePlan]:
    """Find out what is to be done of each date."""
    plans = plan_dates(study, dates, model, again=again)
    show(study, plans, "What is to be done")
    return plans


@task(name="score dates", cache_policy=NO_CACHE)
@value_free
def score_dates(study: Study, plans: list[DatePlan]) -> list[DatePlan]:
    """Score those that are to be done; one task for all, since machines share them."""
    done = {each.date: each for each in do_dates(study, plans)}
    found = [done.get(each.date, each) for each in plans]
    show(study, found, "What came of each date")
    return found


@flow(name="backfill", validate_parameters=True, **TELLING)
@value_free
def backfill(
    study: str,
    first: str | None = None,
    last: str | None = None,
    model: str = CHAMPION,
    dates: list[str] | None = None,
    again: bool = False,
    strict: bool = True,
) -> list[dict[str, Any]]:
    """Score a range of dates; what stands in the tables already is left alone, so a second run goes on with the rest.

    Args:
        study: name of a block of params.yaml.
        first, last: the range, both included.
        model: ``champion`` is that of now, ``champion-then`` that of each date, else the first figures of a version.
        dates: those to score, in place of a range.
        again: try what was refused of the same drop before.
        strict: fail if a date was refused or failed; else it is only said.

    Raises:
        UndoneError: if a date was refused or failed; the others are done.
    """
    plain_log()
    root = project_root()
    apply(root)
    one = Study(root, study)
    if dates is None:
        if first is None or last is None:
            raise ValueError("name the first and the last date, or the dates")
        dates = dates_between(first, last)
    found = score_dates(one, plan(one, dates, model, again))
    if strict:
        require_done(found)
    return [asdict(each) for each in found]


def require_done(plans: list[DatePlan]) -> None:
    """Make sure that no date that could be scored was not.

    Raises:
        UndoneError: with the first of those that were not.
    """
    if undone := [each for each in plans if each.state in (REFUSED, FAILED, DUE)]:
        first = undone[0]
        raise UndoneError(
            f"{len(undone)} of {len(plans)} dates were not scored, first {first.date}, {first.state}: {first.why}"
        )


def tally(plans: list[DatePlan]) -> str:
    """How many dates are in each state."""
    counts = Counter(each.state for each in plans)
    return ", ".join(f"{count} {state}" for state, count in counts.items())


def show(study: Study, plans: list[DatePlan], title: str) -> None:
    """Keep the dates with their states as an artifact of the run."""
    rows = [{"date": each.date, "state": each.state, "why": each.why, "model": each.version or ""} for each in plans]
    key = f"{study.name}-backfill".replace("_", "-").lower()
    create_table_artifact(table=rows, key=key, description=f"{title}: {tally(plans)}")
