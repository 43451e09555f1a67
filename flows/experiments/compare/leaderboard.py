"""Candidates of a comparison ranked on validation people, with paired intervals against what they are measured by."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from flows.experiments.compare.page import BOOSTERS
from flows.fitting.names import models_in
from flows.report.words import label_name, short_title
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import Sample, collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.people import count_people
from mtl_models.metrics.replicates import Replicates, replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import headline_name
from mtl_models.metrics.settings import EvaluationSettings

PART = "valid"
_NOTHING = dict.fromkeys(("value", "low", "high"))


def leaderboard(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    settings: EvaluationSettings,
    view: str,
    unseeded: Collection[str] = (),
) -> dict[str, Any]:
    """Headline metric of every candidate and task, and gains over the first one, the boosters and its own twins.

    A candidate that learnt some of the tasks has figures and gains for these alone, and no mean figure. A choice among
    candidates is made on validation people, never on the test part. Networks stopped on these people too, so the
    figures are kinder to them than a test would be.

    Args:
        view: what the boosters see, ``core`` or ``own``; a candidate may see more or less.
        unseeded: candidates without a random part; their rows say so.
    """
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits, main, part=PART)
    replicates = _replicates(sample, main, settings, _learnt(predictions, main))
    rounding = Rounding(settings.digits, settings.confidence)
    shown = {task.name: count_people(task, sample).enough(settings.min_count) for task in main}
    first = predictions["model"][0]
    models = models_in(replicates)
    rows: list[dict[str, Any]] = []
    for name, scores in replicates.items():
        learnt = [task for task in main if task.name in scores]
        headlines = {task.name: scores[task.name].metrics[headline_name(task)] for task in learnt}
        mean = mean_of_defined(headlines)
        whole = rounding.figure(mean.values, shown=True) if len(learnt) == len(main) else _NOTHING
        references = {"first": first, **{each: each for each in BOOSTERS}, "twin": models[name].twin.text}
        others = {
            kind: replicates[other] for kind, other in references.items() if other in replicates and other != name
        }
        rows.append(
            {
                "candidate": name,
                **({"twin_of": models[name].name} if models[name].is_twin else {}),
                "seeds": len(sample.seeds[name]),
                "random": models[name].name not in unseeded,
                "mean": {**whole, "n_tasks": mean.n, "left_out": list(mean.left_out)},
                "tasks": {task: rounding.figure(values, shown=shown[task]) for task, values in headlines.items()},
                "gains": {
                    kind: compare(common, scores, other, shown, rounding, is_twin=kind == "twin")
                    for kind, other in others.items()
                    if (common := [task for task in learnt if task.name in other])
                },
            }
        )
    rows.sort(key=lambda row: (row["mean"]["value"] is None, -(row["mean"]["value"] or 0), row["candidate"]))
    metrics = {task.name: headline_name(task) for task in main}
    return {
        "part": PART,
        "n_people": sample.n_persons,
        "confidence": settings.confidence,
        "first": first,
        "view": view,
        "metrics": metrics,
        "titles": {task.name: short_title(task.title) if task.title else label_name(task.name) for task in main},
        "rows": rows,
    }


def _learnt(predictions: pl.DataFrame, main: Sequence[Task]) -> dict[str, tuple[Task, ...]]:
    """The tasks that each candidate has predictions of: null, unlike NaN, says that there was no such column."""
    columns = [column for task in main for column in task.prediction_columns]
    counts = predictions.group_by("model", maintain_order=True).agg(pl.col(columns).count()).iter_rows(named=True)
    return {
        row["model"]: tuple(task for task in main if any(row[column] for column in task.prediction_columns))
        for row in counts
    }


def _replicates(
    sample: Sample, main: Sequence[Task], settings: EvaluationSettings, learnt: Mapping[str, tuple[Task, ...]]
) -> Replicates:
    """Metrics of every candidate over the tasks that it learnt, in the order of the candidates."""
    found: Replicates = {}
    for tasks in dict.fromkeys(learnt.values()):
        runs = {name: each for name, each in sample.runs.items() if learnt[name] == tasks}
        found |= replicate(replace(sample, runs=runs), tasks, settings)
    return {name: found[name] for name in sample.runs}
