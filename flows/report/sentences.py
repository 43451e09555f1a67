"""The evaluation in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.report.plots import ordered_models
from flows.report.words import (
    METRICS,
    NBSP,
    against_name,
    interval,
    listing,
    lower_first,
    model_name,
    number,
    percent,
    short_title,
)

SMALL = 0.02  # gains under it are said to be small even where their interval excludes zero


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
    sentences = [f"{what} {effect(comparison['mean'])}, compared with {twin} trained on one outcome {when}."]
    verdicts = {
        "sharing helps": "It helps with",
        "sharing hurts": "It hurts",
        "no difference": "No clear difference for",
        "too few people": "Too few people to tell for",
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
    return f"Against {against_name(other)}, the shared model {effect(comparison['mean'])}; it is {tail}."


def warnings(summary: Mapping[str, Any]) -> list[str]:
    """What is too good to be true."""
    return [
        f"{model_name(record['model'])}, {short_title(summary['tasks'][record['task']]['title'])}: "
        f"{METRICS[record['metric']]} {number(record['value'], record['metric'])} is above "
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


def effect(record: Mapping[str, Any]) -> str:
    """What a mean gain does to the error, in words; small gains are called so."""
    if record["low"] is None:
        return "cannot be judged, with too few people"
    words = f"95{NBSP}% interval {interval(record, percent)}"
    if record["low"] <= 0 <= record["high"]:
        return f"makes no clear difference on average (gain {percent(record['value'])}, {words})"
    verb = "lowers" if record["value"] > 0 else "raises"
    little = "a little, " if abs(record["value"]) < SMALL else ""
    size = percent(abs(record["value"])).lstrip("+")
    return f"{verb} the error {little}by {size} on average (gain {percent(record['value'])}, {words})"
