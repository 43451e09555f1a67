"""The evaluation of a study as one record of plain JSON types, with stable bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from mtl_models.metrics.collect import Sample, collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.replicates import Counts, Replicates, count_people, replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import HEADLINE, TaskScores, loss_name
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores
from mtl_models.tasks import Task


def summarise(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    *,
    part: str,
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """Metrics of every model and main task on the people of ``part``, and how ``settings.model`` compares.

    Returns:
        ``tasks`` (who is behind the figures), ``models`` (model, task, metric: value, low, high, n), ``comparisons``
        (model against each other one: Delta_m) and ``warnings`` (figures too good to be true).

    Raises:
        ValueError: if predictions do not match the splits, or the model to compare has none.
    """
    tasks = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits, tasks, part=part)
    if settings.model not in sample.runs:
        raise ValueError(f"no predictions of {settings.model}; found {', '.join(sorted(sample.runs)) or 'none'}")
    with threadpool_limits(1, user_api="blas"):
        replicates = replicate(sample, tasks, settings)
    counts = {task.name: count_people(task, sample) for task in tasks}
    rounding = Rounding(settings.digits, settings.confidence)
    summary: dict[str, Any] = {
        "part": part,
        "n_people": sample.n_persons,
        "n_repeats": sample.n_repeats,
        "settings": settings.model_dump(mode="json"),
        "tasks": {task.name: _describe(task, counts[task.name], sample, settings) for task in tasks},
        "models": {
            model: _model(scores, tasks, counts, sample.seeds[model], settings, rounding)
            for model, scores in replicates.items()
        },
        "comparisons": _comparisons(replicates, tasks, counts, settings, rounding),
    }
    return {**summary, "warnings": _too_good(summary, settings)}


def _describe(task: Task, counts: list[Counts], sample: Sample, settings: EvaluationSettings) -> dict[str, Any]:
    def count(n: int) -> int | None:
        return n if n >= settings.min_count else None

    labelled = int((~np.isnan(sample.targets[task.name])).any(axis=1).sum())
    record = {
        "title": task.title or task.name,
        "kind": task.kind,
        "unit": task.unit,
        "headline": HEADLINE[task.kind],
        "loss": loss_name(task),
        "n": count(labelled),
        "shown": all(each.enough(settings.min_count) for each in counts),
    }
    if task.classes:
        classes = dict(zip(task.classes, (count(n) for n in counts[0].classes), strict=True))
        return {**record, "classes": classes}
    if task.kind == "binary":
        return {**record, "n_positive": count(counts[0].classes[1])}
    if task.labels:
        labels = {
            label: {
                "n": count(each.n),
                "n_positive": count(each.classes[1]),
                "shown": each.enough(settings.min_count),
            }
            for label, each in zip(task.labels, counts, strict=True)
        }
        return {**record, "labels": labels}
    return record


def _model(
    scores: dict[str, TaskScores],
    tasks: Sequence[Task],
    counts: dict[str, list[Counts]],
    seeds: list[int],
    settings: EvaluationSettings,
    rounding: Rounding,
) -> dict[str, Any]:
    def figures(metrics: Scores, n: int, *, shown: bool) -> dict[str, Any]:
        return {name: {**rounding.figure(name, values, shown=shown), "n": n} for name, values in metrics.items()}

    records: dict[str, Any] = {}
    for task in tasks:
        people = counts[task.name]
        enough = [each.enough(settings.min_count) for each in people]
        found = scores[task.name]
        record: dict[str, Any] = {"metrics": figures(found.metrics, max(each.n for each in people), shown=all(enough))}
        if found.labels:
            record["labels"] = {
                label: figures(metrics, each.n, shown=shown)
                for (label, metrics), each, shown in zip(found.labels.items(), people, enough, strict=True)
            }
        records[task.name] = record
    headlines = np.mean([scores[task.name].metrics[HEADLINE[task.kind]] for task in tasks], axis=0)
    return {"seeds": seeds, "headline_mean": rounding.figure("mean", headlines, shown=True), "tasks": records}


def _comparisons(
    replicates: Replicates,
    tasks: Sequence[Task],
    counts: dict[str, list[Counts]],
    settings: EvaluationSettings,
    rounding: Rounding,
) -> dict[str, Any]:
    shown = {task.name: all(each.enough(settings.min_count) for each in counts[task.name]) for task in tasks}
    model = replicates[settings.model]
    others = {
        name: compare(tasks, model, other, shown, rounding, is_twin=name == settings.twin)
        for name, other in replicates.items()
        if name != settings.model
    }
    return {settings.model: others}


def _too_good(summary: dict[str, Any], settings: EvaluationSettings) -> list[dict[str, Any]]:
    warnings = []
    for model, record in summary["models"].items():
        for task, limits in settings.too_good.items():
            for metric, limit in limits.items():
                value = record["tasks"].get(task, {"metrics": {}})["metrics"].get(metric, {"value": None})["value"]
                if value is not None and value > limit:
                    warnings.append({"model": model, "task": task, "metric": metric, "value": value, "limit": limit})
    return warnings


def flat_metrics(summary: dict[str, Any]) -> dict[str, Any]:
    """The few figures to follow from run to run: headlines of the compared model, means, and gains."""
    model = summary["settings"]["model"]
    tasks = summary["models"][model]["tasks"]
    gains = summary["comparisons"][model]
    return {
        model: {name: tasks[name]["metrics"][task["headline"]]["value"] for name, task in summary["tasks"].items()},
        "headline_mean": {name: record["headline_mean"]["value"] for name, record in summary["models"].items()},
        "mean_gain": {name: gain["mean"]["value"] for name, gain in gains.items()},
        "worst_gain": {name: (gain["worst"] or {"value": None})["value"] for name, gain in gains.items()},
    }
