"""What a sweep's intervals say, in plain sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.experiments.sweeps.settings import COLUMNS, SHARED
from flows.report.words import NBSP, gain_text, level, listing, percent, points
from mtl_models.metrics.settings import CONFIDENCE
from mtl_models.metrics.text import interval

_GROUPS = {"sharing hurts": "hurts", "sharing helps": "helps", "no difference": "makes no clear difference"}


def findings(sweep: Mapping[str, Any]) -> list[str]:
    """Negative transfer and what escapes it, then what every line's intervals say and how its gain changes."""
    lines = sweep["lines"]
    return [
        *escapes(sweep),
        *(f"{line_finding(line, sweep['form'])} {change_finding(line, sweep)}" for line in lines),
    ]


def line_finding(line: Mapping[str, Any], form: str) -> str:
    """Where sharing hurts, helps, and makes no clear difference on one line."""
    parts = []
    for verdict, verb in _GROUPS.items():
        points = [point for point in line["points"] if point["gain"]["verdict"] == verdict]
        if len(points) == len(line["points"]):
            return f"{line['line']}: sharing {verb} at every value ({listing([_gain(point) for point in points])})."
        if points:
            where = [f"{value_text(point['value'], form)} ({_gain(point)})" for point in points]
            parts.append(f"{verb} at {listing(where)}")
    return f"{line['line']}: sharing {'; it '.join(parts)}." if parts else f"{line['line']}: too few people to tell."


def change_finding(line: Mapping[str, Any], sweep: Mapping[str, Any]) -> str:
    """Whether the gain differs between the two contrasted values."""
    first, last = (value_text(value, sweep["form"]) for value in sweep["ends"])
    change = line["change"]
    span = f"From {first} to {last}"
    if change["low"] is None:
        return f"{span} there is too little to tell a change."
    words = f"by {_points(change['value'])} points, {level(CONFIDENCE)} interval {interval(change, points)}"
    if change["low"] <= 0 <= change["high"]:
        return f"{span} no effect was found: its gain does not clearly change ({words})."
    return f"{span} its gain {'rises' if change['low'] > 0 else 'falls'} clearly ({words})."


def escapes(sweep: Mapping[str, Any]) -> list[str]:
    """Where negative transfer was detected on each line, and which lines of the same task show none at those values.

    Every line is measured against its own twins, which may be worse ones: so the errors are told as well.
    """
    sentences = []
    for line in sweep["lines"]:
        hurt = _hurt(line)
        peers = [other for other in sweep["lines"] if other is not line and other["task"] == line["task"]]
        free = [other for other in peers if not set(hurt) & set(_hurt(other))]
        if hurt:
            where = listing([value_text(value, sweep["form"]) for value in hurt])
            sentences.append(f"Negative transfer is detected at {where} with: {line['line']} (intervals below zero).")
        if hurt and free:
            worst = min(line["points"], key=lambda point: float(point["gain"]["value"]))["value"]
            errors = [f"{each['line']} {_error(each, worst):.3f}" for each in (line, *free)]
            at = value_text(worst, sweep["form"])
            sentences[-1] += (
                f" None is detected there with: {listing([other['line'] for other in free])}."
                f" Errors of the networks that share at {at}: {'; '.join(errors)}."
            )
    return sentences


def _hurt(line: Mapping[str, Any]) -> list[float]:
    """The values at which sharing clearly hurts."""
    return [point["value"] for point in line["points"] if point["gain"]["verdict"] == "sharing hurts"]


def _error(line: Mapping[str, Any], value: float) -> float:
    """The error of the network of all tasks at a value."""
    return next(float(point[COLUMNS[SHARED]]) for point in line["points"] if point["value"] == value)


def value_text(value: float, form: str) -> str:
    """A value of what is varied, as it is written on the axis."""
    text = f"{100 * value:g}{NBSP}%" if form == "percent" else f"{value:,g}" if abs(value) < 1e6 else f"{value:g}"
    return text.replace("-", "−")


def _points(value: float) -> str:
    """A difference of two gains in percentage points."""
    return percent(value).removesuffix(f"{NBSP}%")


def _gain(point: Mapping[str, Any]) -> str:
    return gain_text(point["gain"])
