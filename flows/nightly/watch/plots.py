"""The figures of the watch's page: small multiples over the nights, and performance over the months."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flows.nightly.watch.alarms import Nights
from flows.nightly.watch.records import BEYOND, DEAD, INPUTS, NOT_JUDGED, PERFORMANCE, SCORES, TABLES, Record
from flows.report.drawing import GAIN, INK, LOSS, MUTED, NEUTRAL, Plot, canvas
from flows.report.words import metric_name

HEIGHT = 1.6
Lines = Mapping[str, list[tuple[dt.date, Record]]]


def plots_of(nights: Nights) -> dict[str, list[Plot]]:
    """The figures of each area."""
    days = sorted(nights)
    held: dict[tuple[str, str, str], dict[str, list[tuple[dt.date, Record]]]] = {}
    for day in days:
        for record in nights[day]:
            if record.area != PERFORMANCE and record.name:
                # a table's columns are lines of one figure, and so are its rules and the groups of people
                name, line = record.name, record.part
                if record.measure == "missing":
                    name, _, line = record.name.partition(".")
                held.setdefault((record.area, record.measure, name), {}).setdefault(line, []).append((day, record))
    found: dict[str, list[Plot]] = {area: [] for area in (TABLES, INPUTS, SCORES, PERFORMANCE)}
    for (area, measure, name), lines in held.items():
        # a table that no drop holds has no figure, one that is dead has
        if any(record.value or record.state in (BEYOND, DEAD) for line in lines.values() for _, record in line):
            found[area].append(_over_nights(area, measure, name, lines, days))
    found[PERFORMANCE] = _performance(nights[days[-1]])
    return found


def _over_nights(area: str, measure: str, name: str, lines: Lines, days: Sequence[dt.date]) -> Plot:
    """A line for everybody, thin ones for columns, rules or groups; what was beyond its limit has a dot."""
    key = f"watch-{area}-{measure}-{name}"
    with canvas(key, height=HEIGHT, left=0.52, right=0.12) as drawn:
        axes = drawn.axes
        for line, points in lines.items():
            known = [(days.index(day), record.value) for day, record in points if record.value is not None]
            bold = not line or len(lines) == 1
            marker = "." if len(days) < 3 else ""
            axes.plot(
                *zip(*known, strict=True) if known else ([], []),
                color=GAIN if bold else NEUTRAL,
                linewidth=1.6 if bold else 0.7,
                marker=marker,
            )
            for day, record in points:
                if record.state in (BEYOND, DEAD):
                    shape = "X" if record.state == DEAD else "o"
                    axes.plot([days.index(day)], [record.value or 0], shape, color=LOSS, markersize=4.5)
        last = list(lines.values())[-1][-1][1]
        if measure == "shift" and last.limit is not None:
            axes.axhline(last.limit, color=MUTED, linewidth=0.9, linestyle=(0, (3, 2)))
        if measure == "rows" and last.usual is not None:
            axes.axhline(last.usual, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)))
        axes.set_ylim(bottom=0)
        _finish(axes, _LABELS[measure], days)
    what = "distance from held-out people" if area == SCORES else _TITLES[measure]
    return Plot(key, f"{name}: {what}", f"{what} of {name} over the nights", drawn.svg)


_LABELS = {"rows": "rows", "missing": "share empty", "rejected": "share rejected", "shift": "index"}
_TITLES = {"rows": "rows", "missing": "empty cells", "rejected": "rejected rows", "shift": "distance from training"}


def _finish(axes: Axes, label: str, days: Sequence[dt.date]) -> None:
    axes.set_xlim(-0.5, max(len(days) - 0.5, 0.5))
    marks = sorted({0, len(days) - 1})
    axes.set_xticks(marks, [f"{days[mark]:%d %b}" for mark in marks])
    axes.yaxis.set_major_locator(MaxNLocator(3))
    axes.grid(axis="y")
    axes.set_ylabel(label, color=INK)


def _performance(records: Sequence[Record]) -> list[Plot]:
    """A task's figure by month with its interval, beside that of held-out people."""
    tasks = dict.fromkeys(record.name for record in records if record.area == PERFORMANCE)
    return [_months([each for each in records if each.area == PERFORMANCE and each.name == task]) for task in tasks]


def _months(records: Sequence[Record]) -> Plot:
    task, metric = records[0].name, metric_name(records[0].measure)
    key = f"watch-performance-{task}"
    months = sorted({record.part for record in records})
    with canvas(key, height=HEIGHT, left=0.52, right=0.12) as drawn:
        axes = drawn.axes
        for record in records:
            place = months.index(record.part)
            if record.value is None:
                continue
            colour = LOSS if record.state == BEYOND else GAIN
            if record.low is not None and record.high is not None:
                axes.plot([place, place], [record.low, record.high], color=MUTED, linewidth=1.2)
            face = "none" if record.state == NOT_JUDGED else colour
            axes.plot([place], [record.value], "o", markersize=5, color=colour, markerfacecolor=face)
        if records[-1].usual is not None:
            axes.axhline(records[-1].usual, color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)))
        if not any(record.value is not None for record in records):
            axes.text(0.5, 0.5, "no outcome can be judged yet", transform=axes.transAxes, ha="center", color=MUTED)
            axes.set_yticks([])
        axes.set_xlim(-0.5, len(months) - 0.5)
        marks = sorted({0, len(months) - 1})
        axes.set_xticks(marks, [months[mark] for mark in marks])
        axes.grid(axis="y")
        axes.set_ylabel(metric, color=INK)
    words = f"{metric} of {task} by month of prediction, as outcomes have come"
    return Plot(key, f"{task}: {metric}", words, drawn.svg)
