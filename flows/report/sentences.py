"""The evaluation in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.report.plots import ordered_models
from flows.report.words import (
    METRICS,
    interval,
    listing,
    lower_first,
    model_name,
    number,
    percent,
    short_title,
)

SMALL = 0.02  # gains under it are said to be small even where their interval excludes zero


def findings(summary: Mapping[str, Any]) -> list[str]:
    """A few sentences: sharing first, then every other model."""
    model = summary["settings"]["model"]
    comparisons = summary["comparisons"][model]
    found = []
    for other in ordered_models(summary):
        if other == summary["settings"]["twin"] and other in comparisons:
            found += sharing(summary, comparisons[other])
        elif other in comparisons:
            found.append(against(summary, other, comparisons[other]))
    return found


def sharing(summary: Mapping[str, Any], comparison: Mapping[str, Any]) -> list[str]:
    """Where learning together helps, hurts, or makes no clear difference."""
    mean = comparison["mean"]
    sentences = [
        f"Learning all outcomes together changes the error by {_gain(mean)} on average against the same network "
        f"trained on one outcome at a time: {_in_words(mean)}."
    ]
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
    parts = [f"better for {listing(better)}"] if better else []
    parts += [f"worse for {listing(worse)}"] if worse else []
    tail = "; ".join(parts) or "no outcome differs clearly"
    mean = comparison["mean"]
    return f"Against {_article(other)}, the mean change is {_gain(mean)}: {_in_words(mean)}; {tail}."


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


def _gain(record: Mapping[str, Any]) -> str:
    if record["value"] is None:
        return "an undefined share"
    words = interval(record, percent)
    return f"{percent(record['value'])}" + (f" ({words}; positive is better)" if words else "")


def _in_words(record: Mapping[str, Any]) -> str:
    if record["low"] is None:
        return "too few people to tell"
    if record["low"] <= 0 <= record["high"]:
        return "no clear difference"
    size = "a small " if abs(record["value"]) < SMALL else "a clear "
    return size + ("gain" if record["value"] > 0 else "loss")


def _article(other: str) -> str:
    name = model_name(other)
    return name if name[1:2].isupper() or other == "lightgbm" else f"the {lower_first(name)}"
