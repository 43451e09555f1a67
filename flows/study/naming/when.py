"""Times that a study's block names: cron lines and the time zone."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from mtl_models.wording import nearest

if TYPE_CHECKING:
    from flows.project.settings import StudySettings


def schedule_faults(settings: StudySettings) -> list[str]:
    """Cron lines that are none, and a time zone that there is not."""
    schedule = settings.schedule
    lines = {"retrain": schedule.retrain, "score": schedule.score, "upkeep": schedule.upkeep}
    faults = [f"schedule.{key}: {fault}" for key, line in lines.items() if (fault := cron_fault(line))]
    try:
        ZoneInfo(schedule.timezone)
    except (ValueError, OSError, LookupError):
        near = nearest(schedule.timezone, available_timezones())
        faults.append(
            f"schedule.timezone: {schedule.timezone!r} is no time zone: write one such as UTC or Europe/Berlin"
            + (f"; the nearest is {near!r}" if near else "")
        )
    return faults


_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_NAMES = {
    "month": ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    "weekday": ["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
}


def cron_fault(line: str) -> str | None:
    """What is wrong with a cron line of five fields: minute, hour, day of the month, month, day of the week."""
    fields = line.split()
    if len(fields) != len(_FIELDS):
        return f"must be five fields (minute hour day month weekday), found {len(fields)}"
    for field, (name, low, high) in zip(fields, _FIELDS, strict=True):
        if not all(_part_holds(part, name, low, high) for part in field.split(",")):
            return f"the {name} must be *, a number from {low} to {high}, a range a-b, or a list of these, with /step"
    return None


def _part_holds(part: str, name: str, low: int, high: int) -> bool:
    """Whether one part of a field, such as ``*/5``, ``1-5`` or ``mon``, is in order."""
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return False
    if span == "*":
        return True
    ends = [_number(end, name, low) for end in span.split("-")]
    if len(ends) > 2 or any(end is None or not low <= end <= high for end in ends):
        return False
    return len(ends) == 1 or bool(ends[0] <= ends[1])  # type: ignore[operator]


def _number(text: str, name: str, low: int) -> int | None:
    names = _NAMES.get(name, [])
    if text.lower() in names:
        return names.index(text.lower()) + low
    return int(text) if text.isdecimal() else None
