"""Which date it is: the study's, by the time zone of its schedule, and never the machine's."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo


def is_date(text: str) -> bool:
    """Whether a text is an ISO calendar date."""
    try:
        return dt.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def check_date(date: str) -> str:
    """``date`` if it is an ISO calendar date.

    Raises:
        ValueError: if not.
    """
    if is_date(date):
        return date
    raise ValueError(f"{date!r} is not a date like 2026-11-20")


def date_or_today(date: str | None, timezone: str) -> str:
    """``date``, or the day that it is now in the study's time zone when none was given.

    Raises:
        ValueError: if what was given is no date; an empty text is none.
    """
    return dt.datetime.now(ZoneInfo(timezone)).date().isoformat() if date is None else check_date(date)


def date_of_run(due: dt.datetime, cron: str, timezone: str) -> str:
    """The date that a scheduled run is for: that of its start, in the schedule's time zone.

    Where clocks go forward at midnight, a time of that night does not exist, and Prefect starts its run an hour before,
    still on the day before: that day would be scored twice and the next one never. The run is for the date whose
    time was left out.
    """
    matches: Callable[[str, dt.datetime], bool] = _croniter().match
    zone = ZoneInfo(timezone)
    local = due.astimezone(zone)
    wall = local.replace(tzinfo=None)
    later = due + dt.timedelta(hours=2)
    gap = (later.astimezone(zone).utcoffset() or dt.timedelta()) - (local.utcoffset() or dt.timedelta())
    if gap > dt.timedelta() and not matches(cron, wall):
        missing = wall + gap
        exists = missing.replace(tzinfo=zone).astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == missing
        if not exists and matches(cron, missing):
            return missing.date().isoformat()
    return local.date().isoformat()


def dates_due(cron: str, timezone: str, before: dt.datetime, number: int) -> list[str]:
    """The last dates for which a scheduled run was due before a moment, the newest first."""
    back = _croniter()(cron, before.astimezone(ZoneInfo(timezone)))
    dates = dict[str, None]()
    while len(dates) < number:
        dates[date_of_run(back.get_prev(dt.datetime), cron, timezone)] = None
    return list(dates)


@cache
def _croniter() -> Any:
    """What Prefect reads cron lines with, by its file: by its name all of Prefect would be imported, in 1.2 s."""
    package = importlib.util.find_spec("prefect")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("prefect is not installed: run `make install`")
    file = Path(package.origin).parent / "_vendor" / "croniter" / "croniter.py"
    spec = importlib.util.spec_from_file_location("prefect_croniter", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.croniter
