"""What a look at the tables tells, whatever became of the runs: scores that are stale, nights that are scored again."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from flows.nightly.alerts.message import Message
from flows.nightly.alerts.things import told_of
from flows.nightly.alerts.told import mended, tell
from flows.project.alerts import read_alerts
from flows.project.dates import dates_due
from flows.project.settings import read_studies
from flows.stores.partitions import newest
from flows.study.load import read_study
from flows.study.study import Study

THING = "scores"


def tell_of_tables(root: Path, link: str, now: dt.datetime | None = None) -> None:
    """Tell of every study whose scores are stale, and of what is mended.

    Any run of any study looks at all: of a study whose runs do not start, none of its own would.
    """
    alerts = read_alerts(root)
    if not alerts.to:
        return
    # tonight's run may be at work
    ended = (now or dt.datetime.now(dt.UTC)) - dt.timedelta(minutes=alerts.late_minutes)
    for name in read_studies(root):
        settings, _ = read_study(root, name, depth="block")
        if settings is not None:
            study = Study(root, name, "block").with_settings(settings)
            _tell_scored(study)
            _tell_stale(study, link, ended)


def _tell_stale(study: Study, link: str, ended: dt.datetime) -> None:
    schedule, most = study.settings.schedule, study.settings.night.max_drop_age_days
    last = newest(study.tables.scores)
    if last is None:  # never scored: nobody reads its scores
        return
    (due,) = dates_due(schedule.score, schedule.timezone, ended, 1)
    age = (dt.date.fromisoformat(due) - dt.date.fromisoformat(last)).days
    if age > most:
        cause = f"the newest scores are of {last}, {age} days before the last scheduled night ({most:g} are allowed)"
        words, following = f"{study.name}: the scores are stale", f"mtl-health doctor {study.name}"
        tell(study, Message("stale", study.name, THING, words, cause, following, link))
    else:
        words = f"{study.name}: the scores are fresh again, the newest of {last}"
        mended(study, THING, words, f"mtl-health tonight --study {study.name} --date {last}", link)


def _tell_scored(study: Study) -> None:
    """Tell of nights that another flow has scored since, or a command without a server."""
    nights = {thing.partition(" ")[2]: told for thing, told in told_of(study).items() if thing.startswith("score ")}
    if not nights or not study.tables.runs.exists():
        return
    runs = study.tables.runs.read().filter((pl.col("flow") == "score") & pl.col("batch").is_in(list(nights)))
    for date, finished_at in runs.select("batch", "finished_at").iter_rows():
        if finished_at > dt.datetime.fromisoformat(nights[date]["since"]):
            words = f"{study.name}: the night of {date} is scored again"
            mended(study, f"score {date}", words, f"mtl-health tonight --study {study.name} --date {date}")
