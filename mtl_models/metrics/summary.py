"""The evaluation of a study as one record of plain JSON types, with stable bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from mtl_models.data.tasks import Task
from mtl_models.kinds import KINDS, find_metric
from mtl_models.metrics.collect import collect
from mtl_models.metrics.comparison import compare
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.people import TaskPeople, count_people, describe
from mtl_models.metrics.replicates import replicate
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, headline_name
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores


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
        (model against each other one: Delta_m) and ``warnings`` (figures too good to be true). A mean over tasks is of
        those that have a figure, ``n_tasks`` of them; the others are named under ``left_out``.

    Raises:
        ValueError: if predictions do not match the splits, or the model to compare has none.
    """
    tasks = [task for task in tasks if task.role == "main"]
    sample = collect(predictions, targets, splits, tasks, part=part)
    if settings.model not in sample.runs:
        raise ValueError(f"no predictions of {settings.model}; found {', '.join(sorted(sample.runs)) or 'none'}")
    with threadpool_limits(1, user_api="blas"):
        replicates = replicate(sample, tasks, settings)
    people = {task.name: count_people(task, sample) for task in tasks}
    shown = {name: each.enough(settings.min_count) for name, each in people.items()}
    rounding = Rounding(settings.digits, settings.confidence)
    summary: dict[str, Any] = {
        "part": part,
        "n_people": sample.n_persons,
        "n_repeats": sample.n_repeats,
        "n_resamples": sample.n_resamples,
        "settings": settings.model_dump(mode="json"),
        "tasks": {task.name: describe(task, people[task.name], settings.min_count) for task in tasks},
        "models": {
            model: _model(scores, tasks, people, sample.seeds[model], settings.min_count, rounding)
            for model, scores in replicates.items()
        },
        "comparisons": {
            settings.model: {
                name: compare(tasks, replicates[settings.model], other, shown, rounding, is_twin=name == settings.twin)
                for name, other in replicates.items()
                if name != settings.model
            }
        },
    }
    return {**summary, "warnings": _too_good(summary, settings)}


def _model(
    scores: dict[str, TaskScores],
    tasks: Sequence[Task],
    people: dict[str, TaskPeople],
    seeds: list[int],
    min_count: int,
    rounding: Rounding,
) -> dict[str, Any]:
    records: dict[str, Any] = {}
    for task in tasks:
        found, counts = scores[task.name], people[task.name]
        shown = counts.enough(min_count)
        records[task.name] = {"metrics": _figures(found.metrics, counts.n, min_count, rounding, shown=shown)}
        if found.labels:
            records[task.name]["labels"] = {
                label: _figures(metrics, each.n, min_count, rounding, shown=each.enough(min_count))
                for (label, metrics), each in zip(found.labels.items(), counts.columns, strict=True)
            }
        if found.left_out:
            records[task.name]["left_out"] = list(found.left_out)
    mean = mean_of_defined({task.name: scores[task.name].metrics[headline_name(task)] for task in tasks})
    headline = {**rounding.figure(mean.values, shown=True), "n_tasks": mean.n, "left_out": list(mean.left_out)}
    return {"seeds": seeds, "headline_mean": headline, "tasks": records}


def _figures(metrics: Scores, n: int, min_count: int, rounding: Rounding, *, shown: bool) -> dict[str, Any]:
    if n < min_count:
        return {name: {"value": None, "low": None, "high": None, "n": None} for name in metrics}
    return {
        name: {**rounding.figure(values, shown=shown, recentred=_recentred(name)), "n": n}
        for name, values in metrics.items()
    }


def _recentred(name: str) -> bool:
    metric = find_metric(name)
    return metric is not None and metric.recentred


def _too_good(summary: dict[str, Any], settings: EvaluationSettings) -> list[dict[str, Any]]:
    warnings = []
    metrics = {name: KINDS[task["kind"]].metrics for name, task in summary["tasks"].items()}
    for model, record in summary["models"].items():
        for task, figures in record["tasks"].items():
            for metric, limit in settings.too_good_for(task, metrics[task]).items():
                value = figures["metrics"].get(metric, {"value": None})["value"]
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
        **({"left_out_of_means": ", ".join(left_out)} if (left_out := _left_out(summary)) else {}),
    }


def _left_out(summary: dict[str, Any]) -> list[str]:
    """Tasks that some mean leaves out because they have no figure."""
    means = [record["headline_mean"] for record in summary["models"].values()]
    means += [gain["mean"] for gain in summary["comparisons"][summary["settings"]["model"]].values()]
    return sorted({task for mean in means for task in mean["left_out"]})
