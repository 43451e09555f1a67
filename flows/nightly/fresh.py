"""A night with nothing to score: it says so, and is a failure only if the newest drop is too old."""

from __future__ import annotations

import datetime as dt

from flows.stores.inbox import Inbox, NoDropError
from flows.study.study import Study


class StaleDropError(NoDropError):
    """Nothing was dropped for a date, and the newest drop is too old."""


def nothing_to_score(study: Study, date: str) -> str | None:
    """In a sentence, that a date has no drop; None where it has one.

    Raises:
        StaleDropError: if the newest drop before it is older than the study's params allow.
    """
    inbox = Inbox(study.inbox)
    try:
        inbox.drop(date)
    except NoDropError as error:
        said = str(error)
    else:
        return None
    newest, most = inbox.newest(date), study.settings.night.max_drop_age_days
    if newest is None:
        raise StaleDropError(f"{said}; there is none before it either")
    age = (dt.date.fromisoformat(date) - dt.date.fromisoformat(newest)).days
    if age > most:
        raise StaleDropError(
            f"{said}; the newest, of {newest}, is {age} days old (night.max_drop_age_days is {most:g})"
        )
    return f"no drop for {date}, so nothing is to be scored; the newest is of {newest}"
