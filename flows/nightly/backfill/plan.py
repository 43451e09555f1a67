"""What a backfill would do of each date, and why; nothing is changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flows.nightly import refused
from flows.nightly.champions import champion_on, named, require_fit
from flows.nightly.run import Run, finished, open_run
from flows.project.dates import check_date
from flows.project.errors import sentence_of
from flows.study.study import Study

DUE, SCORED, NO_DROP, REFUSED, FAILED = "to do", "scored already", "no drop", "refused", "failed"
CHAMPION, THEN = "champion", "champion-then"
SHORT = 12


@dataclass(frozen=True)
class DatePlan:
    """One date.

    Attributes:
        state: ``to do``, ``scored already``, ``no drop``, ``refused`` or ``failed``.
        why: in a phrase.
        version: the model that scores it, where one does.
        landed: whether what this very drop brought has landed, so that other dates do not depend on it.
    """

    date: str
    state: str
    why: str
    version: str | None = None
    landed: bool = False


def dates_between(first: str, last: str) -> list[str]:
    """All dates from one to another, both included.

    Raises:
        ValueError: if one is no date, or the last comes before the first.
    """
    begin, end = (dt.date.fromisoformat(check_date(date)) for date in (first, last))
    if end < begin:
        raise ValueError(f"{last} is before {first}: name the first date with --from and the last with --to")
    return [(begin + dt.timedelta(days=day)).isoformat() for day in range((end - begin).days + 1)]


def plan_dates(study: Study, dates: Sequence[str], model: str = CHAMPION, *, again: bool = False) -> list[DatePlan]:
    """What would be done of some dates, in their order.

    Args:
        study: whose dates they are.
        dates: ISO dates.
        model: ``champion`` is that of now, ``champion-then`` that of the end of each date, anything else the first
            figures of a version.
        again: try what was refused of the same drop before.

    Raises:
        ValueError: if there is no such model.
    """
    version_of = _versions(study, model)

    @cache
    def fault(version: str) -> str:
        try:
            require_fit(study, version)
        except ValueError as error:
            return sentence_of(error)
        return ""

    return [_plan(study, date, version_of, fault, again=again) for date in sorted(set(dates))]


def _versions(study: Study, model: str) -> Callable[[str], str | None]:
    """The version that scores a date; None where there was none."""
    registry = study.registry
    if model == THEN:
        promotions, timezone = registry.promotions(), study.settings.schedule.timezone

        def then(date: str) -> str | None:
            row: dict[str, Any] | None = champion_on(promotions, date, timezone)
            return row["model_version"] if row else None

        return then
    version = registry.require_champion(study.name).version if model == CHAMPION else named(study, model)
    return lambda date: version


def _plan(
    study: Study, date: str, version_of: Callable[[str], str | None], fault: Callable[[str], str], *, again: bool
) -> DatePlan:
    version = version_of(date)
    if version is None:
        return DatePlan(date, REFUSED, "there was no champion yet")
    if said := fault(version):
        return DatePlan(date, REFUSED, said, version)
    try:
        run = open_run(study, date, version)
    except FileNotFoundError as error:
        return DatePlan(date, NO_DROP, sentence_of(error), version)
    except Exception as error:
        return DatePlan(date, FAILED, sentence_of(error), version)
    if finished(run):
        return DatePlan(date, SCORED, f"by model {version[:SHORT]}", version)
    landed = _has_landed(run)
    before = None if again else refused.read(run)
    if before is not None:
        return DatePlan(date, REFUSED, before, version, landed)
    return DatePlan(date, DUE, _why(run), version, landed)


def _why(run: Run) -> str:
    """Why a date is not as it would come out now."""
    last = run.study.tables.runs.last(run.date)
    if last is None:
        return "never scored"
    if last["run_id"] == run.run_id:
        return "a run of it was broken off"
    if last["model_version"] != run.champion.version:
        return f"scored by model {last['model_version'][:SHORT]}, not by {run.champion.version[:SHORT]}"
    return "its drop has changed" if _hashes(last) != run.data_hashes else "params or code have changed"


def _has_landed(run: Run) -> bool:
    last = run.study.tables.runs.last(run.date)
    return last is not None and _hashes(last) == run.data_hashes


def _hashes(row: dict[str, Any]) -> Any:
    return json.loads(row["data_hashes"] or "{}")
