"""One notion of today, and every date scored once whatever the clocks do."""

from __future__ import annotations

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import CronSchedule

from flows.project.dates import check_date, date_of_run, date_or_today, dates_due

# clocks go forward at midnight in the first four, at two or three in the others; by half an hour in the last
ZONES = ["Africa/Cairo", "Asia/Beirut", "America/Santiago", "America/Havana", "Europe/Berlin", "Australia/Lord_Howe"]


@pytest.mark.parametrize("zone", ["UTC", *ZONES])
@pytest.mark.parametrize("cron", ["0 0 * * *", "30 0 * * *", "0 1 * * *", "30 2 * * *", "0 23 * * *", "59 23 * * *"])
def test_every_date_of_a_year_is_scored_once(zone: str, cron: str) -> None:
    """With the starts that Prefect itself would schedule."""
    start = dt.datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    starts = asyncio.run(CronSchedule(cron=cron, timezone=zone).get_dates(365, start=start))
    dates = [date_of_run(due.astimezone(dt.UTC), cron, zone) for due in starts]
    assert dates == [(start.date() + dt.timedelta(days=day)).isoformat() for day in range(365)]


@pytest.mark.parametrize("hour", range(24))
def test_a_run_by_hand_is_for_its_own_day_on_the_eve_of_a_change(hour: int) -> None:
    local = dt.datetime(2026, 3, 28, hour, 20, tzinfo=ZoneInfo("Asia/Beirut"))
    assert date_of_run(local.astimezone(dt.UTC), "0 0 * * *", "Asia/Beirut") == "2026-03-28"


def test_today_is_the_studys_and_not_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two zones a whole day apart never agree, so one of them differs from any machine's date."""
    east, west = date_or_today(None, "Pacific/Kiritimati"), date_or_today(None, "Etc/GMT+12")
    assert dt.date.fromisoformat(east) - dt.date.fromisoformat(west) >= dt.timedelta(days=1)
    assert date_or_today("2026-11-20", "Pacific/Kiritimati") == "2026-11-20"


@pytest.mark.parametrize("bad", ["", " ", "2026-13-01", "20261120", "yesterday", "../2026-11-20", "2026-11-20x"])
def test_what_is_no_date_is_refused_and_an_empty_one_is_not_today(bad: str) -> None:
    for check in (check_date, lambda date: date_or_today(date, "UTC")):
        with pytest.raises(ValueError, match="is not a date like 2026-11-20"):
            check(bad)


def test_the_last_dates_that_were_due_are_those_of_the_schedule() -> None:
    moment = dt.datetime(2026, 11, 23, 5, 0, tzinfo=dt.UTC)  # a Monday
    assert dates_due("30 4 * * *", "UTC", moment, 3) == ["2026-11-23", "2026-11-22", "2026-11-21"]
    assert dates_due("30 5 * * *", "UTC", moment, 2) == ["2026-11-22", "2026-11-21"]
    assert dates_due("30 4 * * mon-fri", "UTC", moment, 3) == ["2026-11-23", "2026-11-20", "2026-11-19"]
    assert dates_due("*/20 * * * *", "UTC", moment, 2) == ["2026-11-23", "2026-11-22"]
    assert dates_due("30 4 * * *", "Pacific/Kiritimati", moment, 1) == ["2026-11-23"]
