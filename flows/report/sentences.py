"""The evaluation in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.report.plots import ordered_models
from flows.report.words import (
    PROPER_NAMES,
    against_name,
    gain,
    level,
    listing,
    lower_first,
    metric_name,
    model_name,
    number,
    percent,
    points,
    short_title,
    without,
)
from mtl_models.metrics.comparison import UNDEFINED
from mtl_models.metrics.text import interval

LITTLE = 0.02  # gains under it are said to be small even where their interval excludes zero


def findings(summary: Mapping[str, Any], *, taught: bool = False) -> list[str]:
    """A few sentences: sharing first, then every other model; ``taught`` where the model is a teacher's student."""
    model = summary["settings"]["model"]
    comparisons = summary["comparisons"][model]
    found = []
    for other in ordered_models(summary):
        if other == summary["settings"]["twin"] and other in comparisons:
            found += sharing(summary, comparisons[other], taught=taught)
        elif other in comparisons:
            found.append(against(summary, other, comparisons[other]))
    return found


def sharing(summary: Mapping[str, Any], comparison: Mapping[str, Any], *, taught: bool = False) -> list[str]:
    """Where learning together helps, hurts, or makes no clear difference."""
    what = "Learning all outcomes together from a teacher" if taught else "Learning all outcomes together"
    twin = "networks like the teacher's, each" if taught else "the same network"
    when = "alone" if taught else "at a time"
    mean = effect(summary, comparison["mean"]) + without(comparison["mean"], _titles(summary))
    sentences = [f"{what} {mean}, compared with {twin} trained on one outcome {when}."]
    verdicts = {
        "sharing helps": "It helps with",
        "sharing hurts": "It hurts",
        "no difference": "No clear difference for",
        "too few people": "Too few people to tell for",
        UNDEFINED: "No figure, for want of people of either kind, for",
    }
    for verdict, opening in verdicts.items():
        if names := _tasks_with(summary, comparison, verdict):
            sentences.append(f"{opening} {listing(names)}.")
    return sentences


def against(summary: Mapping[str, Any], other: str, comparison: Mapping[str, Any]) -> str:
    """One sentence on the comparison with a baseline."""
    better, worse = (_tasks_with(summary, comparison, verdict) for verdict in ("gain", "loss"))
    parts = [f"clearly better for {listing(better)}"] if better else []
    parts += [f"clearly worse for {listing(worse)}"] if worse else []
    tail = " and ".join(parts) or "not clearly different for any outcome"
    mean = effect(summary, comparison["mean"]) + without(comparison["mean"], _titles(summary))
    return f"Against {against_name(other)}, the shared model {mean}; it is {tail}."


def seeds(summary: Mapping[str, Any]) -> list[str]:
    """What the intervals cover: people always, the seeds of the models that were trained from several."""
    counts = {model: len(summary["models"][model]["seeds"]) for model in ordered_models(summary)}
    several = [f"{model_name(model)} ({n} seeds)" for model, n in counts.items() if n > 1]
    single = [model_name(model) for model, n in counts.items() if n == 1]
    covered = "the choice of people" + (" and of the seeds of training" if several else "")
    found = [f"Intervals cover {covered}, not the choice of settings, features or time."]
    if several and single:
        found.append(f"Seeds vary for {listing(several)}; {listing(single)}: one fit, so people alone vary.")
    return found


def warnings(summary: Mapping[str, Any]) -> list[str]:
    """What is too good to be true."""
    return [
        f"{model_name(record['model'])}, {short_title(summary['tasks'][record['task']]['title'])}: "
        f"{metric_name(record['metric'])} {number(record['value'], record['metric'])} is above "
        f"{number(record['limit'], record['metric'])}. Such a figure is more often a leak of the answer into the "
        "inputs than a success: check the features before use."
        for record in summary["warnings"]
    ]


def _tasks_with(summary: Mapping[str, Any], comparison: Mapping[str, Any], verdict: str) -> list[str]:
    return [
        lower_first(short_title(summary["tasks"][task]["title"]))
        for task, record in comparison["tasks"].items()
        if record["verdict"] == verdict
    ]


def _titles(summary: Mapping[str, Any]) -> dict[str, str]:
    return {task: lower_first(short_title(record["title"])) for task, record in summary["tasks"].items()}


def effect(summary: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """What a mean gain does to the error, in words; small gains are called so."""
    if record["value"] is None:
        return "cannot be judged: no outcome has a figure"
    if record["low"] is None:
        return "cannot be judged, with too few people"
    words = f"{level(summary['settings']['confidence'])} interval {interval(record, points)}"
    if record["low"] <= 0 <= record["high"]:
        return f"makes no clear difference on average (gain {gain(record['value'])}, {words})"
    verb = "lowers" if record["value"] > 0 else "raises"
    little = "a little, " if abs(record["value"]) < LITTLE else ""
    size = percent(abs(record["value"])).lstrip("+")
    return f"{verb} the error {little}by {size} on average (gain {gain(record['value'])}, {words})"


def boosters(summary: Mapping[str, Any]) -> list[str]:
    """What the boosted trees beside the model were not given, where there are any."""
    names = [model_name(name) for name in PROPER_NAMES if name in summary["models"]]
    if not names:
        return []
    return [
        f"{listing(names)} chose their size and number of rounds on the validation people, the rest is as set in "
        "params.yaml: boosted trees that are tuned to the study may be level with the model."
    ]
