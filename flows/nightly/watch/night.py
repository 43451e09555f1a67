"""A night is watched: its records are made, kept in the table `watched`, and who should know of an alarm is told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from flows.nightly.ledger import withheld_tasks
from flows.nightly.watch.alarms import Alarm, Nights, alarms_of, to_do
from flows.nightly.watch.counting import Counted, Reference
from flows.nightly.watch.feeds import watch_feeds
from flows.nightly.watch.performance import watch_performance
from flows.nightly.watch.records import INPUTS, NOT_JUDGED, SCORES, Record, as_frame, from_frame
from flows.nightly.watch.reference import kept_reference
from flows.nightly.watch.shift import domains_of, watch_shift
from flows.nightly.watch.without import Lacking, reference_without
from flows.project.storage import shown
from flows.stores.partitions import held
from flows.study.study import Study

SHOWN = 60
"""Nights of a page."""


@dataclass(frozen=True)
class Night:
    """What was watched until a date.

    Attributes:
        nights: the records of each night.
        alarms: what is in alarm.
    """

    date: str
    nights: Nights
    alarms: list[Alarm]

    @property
    def records(self) -> Sequence[Record]:
        """Those of the date."""
        return self.nights[dt.date.fromisoformat(self.date)]


def watch(study: Study, date: str, counted: Counted | None = None) -> Night:
    """Make and keep the records of a scored date, in place of those that it has.

    Args:
        study, date: whose night.
        counted: its people by the bins of the model's reference. Without it what was kept of inputs and scores stays;
            if there is nothing, the scores in the table are counted, and nothing is said of inputs.

    Raises:
        ValueError: if the date was not scored.
    """
    runs = scored_nights(study, date)
    tonight = runs.filter(pl.col("batch") == date)
    if tonight.is_empty():
        raise ValueError(
            f"{study.name} has no scores for {date}: run `mtl-health score --study {study.name} --date {date}`"
        )
    row = tonight.row(0, named=True)
    records = [
        *_feeds(study, runs, date),
        *(_held(study, date, row["run_id"], counted) or _shift(study, date, row["run_id"], counted)),
        *watch_performance(study, date, runs),
    ]
    study.tables.watched.publish(date, as_frame(records, date, row["run_id"], row["model_version"]))
    return look(study, date)


def _held(study: Study, date: str, run_id: str, counted: Counted | None) -> list[Record]:
    """The records of inputs and scores that were made when the date was scored: later nobody's inputs are there."""
    table = study.tables.watched
    if counted is not None or not table.exists():
        return []
    rows = table.read(date).filter(pl.col("run_id") == run_id, pl.col("area").is_in([INPUTS, SCORES]))
    return [record for records in from_frame(rows).values() for record in records]


def kept(study: Study, date: str) -> Night | None:
    """What was watched of a date; nothing where that was not done since it was scored last."""
    table = study.tables.watched
    if not table.exists():
        return None
    rows, last = table.read(date), study.tables.runs.last(date)
    return look(study, date) if rows.height and last and rows["run_id"][0] == last["run_id"] else None


def look(study: Study, date: str) -> Night:
    """The last nights that were watched until a date, which is one of them."""
    table = study.tables.watched
    dates = sorted(day for day in held(table) if day <= date)[-SHOWN:]
    nights = from_frame(pl.concat(table.read(day) for day in dates))
    return Night(date, nights, alarms_of(nights, dt.date.fromisoformat(date), study.settings.watch))


def advice(study: Study, night: Night) -> list[str]:
    """What to type about the alarms of a night, one line an area."""
    drop = shown(study.inbox / night.date, study.root)
    areas = dict.fromkeys(alarm.record.area for alarm in night.alarms)
    return [f"{area}: {to_do(area, study.name, drop)}" for area in areas]


def scored_nights(study: Study, until: str) -> pl.DataFrame:
    """The last run of each date that was scored until one, in the order of the dates."""
    columns = ["run_id", "flow", "batch", "model_version", "n_scored", "finished_at"]
    runs = study.tables.runs
    if not runs.exists():
        return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    rows = pl.concat(runs.store.frames(columns=columns))
    rows = rows.filter(pl.col("flow") == "score", pl.col("batch") <= until).sort("finished_at")
    return rows.unique("batch", keep="last", maintain_order=True).sort("batch")


def _feeds(study: Study, runs: pl.DataFrame, date: str) -> list[Record]:
    """The records of the tables, from the validations that the ledger keeps."""
    settings = study.settings
    before = runs.filter(pl.col("batch") < date).tail(settings.watch.trailing)["run_id"]
    tonight = _validation(study.tables.runs.find(runs.filter(pl.col("batch") == date)["run_id"][0]))
    known = [summary for run in before if (summary := _validation(study.tables.runs.find(run)))]
    least = settings.evaluation.min_count
    return watch_feeds(tonight, known, settings.watch, least, unread=study.hidden) if tonight else []


def _validation(row: dict[str, Any] | None) -> dict[str, Any]:
    """The counts of a run's validation, as its row of the ledger has them."""
    found: dict[str, Any] = json.loads((row or {}).get("details") or "{}").get("validation", {})
    return found


def _shift(study: Study, date: str, run_id: str, counted: Counted | None) -> list[Record]:
    """The records of inputs and scores, by what the model's reference is where the drop lacks what it lacks."""
    row = study.tables.runs.find(run_id) or {}
    version = row["model_version"]
    reference = kept_reference(study.registry, version)
    if reference is None:
        words = "the model was registered before its reference was kept: the next retraining has one"
        return [Record(area=area, measure="shift", name="", state=NOT_JUDGED, words=words) for area in (INPUTS, SCORES)]
    settings, found, domains = study.settings, list[Record](), domains_of(reference)
    without = reference_without(study, version, reference, Lacking.of(_validation(row)))
    reference = without.of(reference)
    if counted is None:
        counted, reference, domains = *_scores_alone(study, date, reference), {}
        words = "inputs were not counted when the date was scored: `mtl-health score --force` counts them"
        found = [Record(area=INPUTS, measure="shift", name="", state=NOT_JUDGED, words=words)]
    scored = [task for task in settings.task_records if task.role == "main"]
    tasks = {task.name: task.prediction_columns for task in scored}
    aside = without.aside | _withheld(row, tasks)
    least = settings.evaluation.min_count
    return found + watch_shift(reference, counted, domains, tasks, settings.watch, least, aside)


def _withheld(row: dict[str, Any], tasks: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The score columns that a night withheld, each with the reason that its row of the ledger gives."""
    reasons = dict(line.split(": ", 1) for line in withheld_tasks(row).splitlines())
    return {column: f"withheld, {why}" for task, why in reasons.items() for column in tasks.get(task, ())}


def _scores_alone(study: Study, date: str, reference: Reference) -> tuple[Counted, Reference]:
    """The scores of a date counted from the table, of everybody alone, and the reference for it."""
    alone = replace(reference, cuts={}, groups=reference.groups[:1], inputs={})
    alone = replace(alone, scores={name: counts[:1] for name, counts in reference.scores.items()})
    store = study.tables.scores.store
    there = set(next(iter(store.frames())).columns)
    columns = [name for name in alone.scores if name in there]
    parts = [Counted.of(alone, frame, frame) for frame in store.frames(date, columns=columns)]
    return Counted.total(parts), alone
