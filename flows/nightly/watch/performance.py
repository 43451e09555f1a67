"""How good past predictions turned out, by month of prediction, as far as their outcomes have come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from flows.nightly.watch.outcomes import months_of, outcome_columns, outcomes_of, with_outcomes
from flows.nightly.watch.records import BEYOND, FINE, NOT_JUDGED, PERFORMANCE, Record
from flows.report.words import count, figure_text, metric_name
from flows.study.study import Study
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.bootstrap import percentile_interval, resample_counts
from mtl_models.metrics.score import headline_name, score_task

REPLICATES = 100
"""Resamples of a month's people: its interval is read to one digit, and there are many months and tasks."""


@dataclass(frozen=True)
class Figure:
    """A metric with its interval; without a value, why it has none."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""


def watch_performance(study: Study, date: str, nights: pl.DataFrame) -> list[Record]:
    """The headline metric of every task and month, as it was known at the end of a date.

    An outcome counts if it came on the day of its prediction or later, and if the model had not learned from it.

    Args:
        study, date: whose, and when.
        nights: ``batch`` and ``n_scored`` of the dates that were scored until then.
    """
    settings = study.settings.watch
    tasks = [task for task in study.settings.task_records if task.role == "main"]
    months = list(months_of(study, nights, tasks, settings.people, settings.months))
    if not months:
        return []
    names = pl.concat(month.said["person_id"] for month in months).unique()
    outcomes = outcomes_of(study, date, names)
    found: list[Record] = []
    for month in months:
        people = with_outcomes(study, month, outcomes)
        expected = _held_out(study.registry.evaluation(month.version))
        found += (_record(study, task, month.name, people, expected.get(task.name)) for task in tasks)
    return found


def _held_out(evaluation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics of a model by task on held-out people."""
    if not evaluation:
        return {}
    model = evaluation["models"][evaluation["settings"]["model"]]
    return {name: task["metrics"] for name, task in model["tasks"].items()}


def _record(study: Study, task: Task, month: str, people: pl.DataFrame, held_out: dict[str, Any] | None) -> Record:
    """A task's figure of a month."""
    metric, limit = headline_name(task), study.settings.watch.performance
    least = study.settings.evaluation.min_count
    usual = (held_out or {}).get(metric, {}).get("value")
    if not set(task.prediction_columns) <= set(people.columns):
        people = people.clear().with_columns(pl.lit(None, pl.Float64).alias(name) for name in task.prediction_columns)
    scored = people.drop_nulls(task.prediction_columns)
    known = pl.any_horizontal(pl.col(outcome_columns(task)).is_not_null())
    came = scored.filter(known, pl.col(f"{task.name}__came_on") >= pl.col("score_date"))
    n, of = came.height, scored.height
    share = f"outcomes of {count(n, least)} of {count(of, least)} people have come"
    if not of:
        share = "nobody was scored whom the model had not learned from"
    elif n >= least:
        share += f" ({n / of:.0%})"
    figure = _figure(task, came, metric, study.settings.evaluation.confidence, least) if n else Figure()
    state, words = judged(figure, metric, usual, limit)
    return Record(
        area=PERFORMANCE,
        measure=metric,
        name=task.name,
        part=month,
        n=n if n == 0 or n >= least else None,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        usual=usual,
        limit=limit,
        state=state,
        words="; ".join(filter(None, (words, share))),
    )


def judged(figure: Figure, metric: str, usual: float | None, limit: float) -> tuple[str, str]:
    """The state of a figure beside that of held-out people, and what to say of it."""
    name = metric_name(metric)
    if figure.value is None:
        return NOT_JUDGED, f"{name} is undefined: {figure.why}" if figure.why else ""
    words = f"{name} {figure_text(asdict(figure), metric)}"
    if usual is None or figure.high is None:
        return NOT_JUDGED, words
    worse = figure.value < usual - limit and figure.high < usual
    return BEYOND if worse else FINE, f"{words}; on held-out people it was {usual:.3f}"


def _figure(task: Task, people: pl.DataFrame, metric: str, confidence: float, min_count: int) -> Figure:
    """A metric with its interval, or why it has none."""
    columns = pl.col(outcome_columns(task)).cast(pl.Float64).fill_null(float("nan"))
    truth = people.select(columns).to_numpy()
    if not _enough(task, truth, min_count):
        return Figure(why=f"fewer than {min_count} people have the outcome, or have it not")
    weights = resample_counts(people.height, replicates=REPLICATES, seed=0)
    scores = score_task(task, truth, people.select(task.prediction_columns).to_numpy(), weights)
    values = scores.metrics[metric]
    if np.isnan(values[0]):
        return Figure(why=scores.undefined or "the people who have it cannot tell")
    interval = percentile_interval(values, confidence=confidence)
    if interval is None:
        return Figure(round(float(values[0]), 4))
    return Figure(round(float(values[0]), 4), round(interval[0], 4), round(interval[1], 4))


def _enough(task: Task, truth: np.ndarray, min_count: int) -> bool:
    """Whether enough people are in the two largest classes of some column, or have a number."""
    return any(
        _enough_in(kind_of(task).count_classes(task, column[~np.isnan(column)]), column, min_count)
        for column in truth.T
    )


def _enough_in(classes: Sequence[int], column: np.ndarray, min_count: int) -> bool:
    if not classes:
        return int((~np.isnan(column)).sum()) >= min_count
    return sorted(classes)[-2] >= min_count


def by_month(records: Sequence[Record]) -> Iterator[Record]:
    """Those of performance, the newest month that could be judged of each task, and that alone: others are history."""
    newest: dict[str, Record] = {}
    for record in sorted(records, key=lambda each: each.part):
        if record.area == PERFORMANCE and record.state != NOT_JUDGED:
            newest[record.name] = record
    yield from newest.values()
