"""Score tables that the last scheduled nights have not reached, whatever became of their runs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from flows.nightly.alerts.message import Message
from flows.nightly.alerts.told import mended, tell
from flows.project.alerts import read_alerts
from flows.project.dates import dates_due
from flows.project.settings import read_studies
from flows.stores.partitions import newest
from flows.study.load import read_study
from flows.study.study import Study

THING = "scores"


def tell_stale(root: Path, link: str, now: dt.datetime | None = None) -> None:
    """Tell of every study whose scores are stale, and of those that are not so any more.

    Any run of any study looks at all: of a study whose runs do not start, none of its own would.
    """
    alerts = read_alerts(root)
    allowed = alerts.stale_nights
    # tonight's run may be at work
    ended = (now or dt.datetime.now(dt.UTC)) - dt.timedelta(minutes=alerts.late_minutes)
    for name in read_studies(root):
        settings, _ = read_study(root, name, depth="block")
        if settings is None:
            continue
        study = Study(root, name, "block").with_settings(settings)
        last = newest(study.tables.scores)
        if last is None:  # never scored: nobody reads its scores
            continue
        schedule = settings.schedule
        nights = dates_due(schedule.score, schedule.timezone, ended, allowed)
        if last < nights[-1]:
            cause = f"the newest scores are of {last}, and the last {allowed} scheduled nights added none"
            words = f"{name}: the scores are stale"
            tell(study, Message("stale", name, THING, words, cause, f"mtl-health doctor {name}", link))
        else:
            words = f"{name}: the scores are fresh again, the newest of {last}"
            mended(study, THING, words, f"mtl-health tonight --study {name} --date {last}")
