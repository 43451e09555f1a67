"""The figures of a replay, each over the nights: who arrived, what was learned from, which champion, how good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from flows.report.drawing import GAIN, INK, LOSS, MUTED, NEUTRAL, Plot, canvas, padded
from flows.report.words import metric_name

Record = Mapping[str, Any]
HEIGHT = 1.75


def plots_of(found: Record) -> list[Plot]:
    """All figures, with one axis of nights."""
    trained, scored = found["trained"], found["scored"]
    last = max(found["settings"]["nights"], 1)
    failed = [each["night"] for each in scored if each["error"]]
    tasks = list(trained[0]["figures"])
    return [
        _drops(scored, last, failed),
        _people(trained, last, failed),
        _labels(trained, last, failed),
        _champions(trained, last, failed),
        *(_figures(task, trained, last, failed) for task in tasks),
    ]


def _drops(scored: Sequence[Record], last: int, failed: Sequence[int]) -> Plot:
    nights = [each["night"] for each in scored if not each["error"]]
    rows = list(accumulate(each["n_rows"] for each in scored if not each["error"]))
    late = list(accumulate(each["n_late"] for each in scored if not each["error"]))
    with canvas("replay-drops", height=HEIGHT, left=0.55, right=0.14) as drawn:
        axes = drawn.axes
        for values, words, colour in ((rows, "all", GAIN), (late, "late", LOSS)):
            axes.plot(nights, values, color=colour, linewidth=1.6)
            if nights:
                _label(axes, nights[-1], values[-1], words, colour)
        axes.set_ylim(bottom=0)
        _finish(axes, "rows landed", last, failed)
    words = "Rows that landed, added up, and those of them about people who had come before"
    return Plot("replay-drops", "Rows landed", words, drawn.svg)


def _people(trained: Sequence[Record], last: int, failed: Sequence[int]) -> Plot:
    nights = [each["night"] for each in trained]
    with canvas("replay-people", height=HEIGHT, left=0.55, right=0.14) as drawn:
        axes = drawn.axes
        for part, colour in (("train", GAIN), ("valid", NEUTRAL), ("test", LOSS)):
            values = [each["parts"].get(part) for each in trained]
            if values[-1] is not None:
                axes.plot(nights, values, marker="o", markersize=3.5, color=colour, linewidth=1.6)
                _label(axes, nights[-1], values[-1], part, colour, below=part == "test")
        axes.set_ylim(bottom=0)
        _finish(axes, "people", last, failed)
    return Plot("replay-people", "People by part", "People of the cohort in each part of the split", drawn.svg)


def _labels(trained: Sequence[Record], last: int, failed: Sequence[int]) -> Plot:
    nights = [each["night"] for each in trained]
    names = list(trained[0]["figures"])
    with canvas("replay-labels", height=HEIGHT, left=0.55, right=0.14) as drawn:
        axes = drawn.axes
        for name in names:
            counts = [each["n_labelled"][name] for each in trained]
            axes.plot(nights, counts, color=GAIN, linewidth=1.2, alpha=0.8)
        axes.set_ylim(bottom=0)
        _finish(axes, "people with an outcome", last, failed)
    return Plot("replay-labels", "Outcomes known", "People with an outcome, a line for each task", drawn.svg)


def _champions(trained: Sequence[Record], last: int, failed: Sequence[int]) -> Plot:
    with canvas("replay-champions", height=HEIGHT, left=0.55, right=0.14) as drawn:
        axes = drawn.axes
        since = [each["night"] for each in trained if each["promoted"]]
        numbers = list(range(1, len(since) + 1))
        axes.step([*since, last], [*numbers, len(numbers)], where="post", color=GAIN, linewidth=1.6)
        refused = [each["night"] for each in trained if not each["promoted"]]
        held = [sum(night <= each for night in since) for each in refused]
        axes.plot(since, numbers, "o", markersize=4.5, color=GAIN)
        axes.plot(refused, held, "x", markersize=5.5, color=LOSS)
        axes.set_ylim(0, len(numbers) + 0.7)
        axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
        _finish(axes, "champions so far", last, failed)
    words = "Which champion it is; a dot is a promotion, a cross a training that was not promoted"
    return Plot("replay-champions", "Champion", words, drawn.svg)


def _figures(task: str, trained: Sequence[Record], last: int, failed: Sequence[int]) -> Plot:
    """A task's figure on test people after each training, with its interval; filled where it was promoted."""
    known = [each for each in trained if each["figures"][task].get("value") is not None]
    name = f"replay-{task}"
    with canvas(name, height=HEIGHT, left=0.55, right=0.14) as drawn:
        axes = drawn.axes
        for each in known:
            figure, night = each["figures"][task], each["night"]
            axes.plot([night, night], [figure["low"], figure["high"]], color=MUTED, linewidth=1.2)
            face = GAIN if each["promoted"] else "none"
            axes.plot([night], [figure["value"]], "o", markersize=5, color=GAIN, markerfacecolor=face)
        lows, highs = ([each["figures"][task][key] for each in known] for key in ("low", "high"))
        if known:
            axes.set_ylim(*padded(min(lows), max(highs)))
        metric = metric_name(trained[0]["figures"][task]["metric"])
        _finish(axes, metric, last, failed)
    words = f"{metric} on test people after each training, with its interval; filled where the model was promoted"
    return Plot(name, f"{task}: {metric}", words, drawn.svg)


def _label(axes: Axes, x: float, y: float, text: str, colour: str, *, below: bool = False) -> None:
    axes.annotate(
        text, (x, y), (-3, -11 if below else 3), textcoords="offset points", ha="right", color=colour, fontsize=8
    )


def _finish(axes: Axes, label: str, last: int, failed: Sequence[int]) -> None:
    """The axis of nights, alike in all figures, with the nights that failed."""
    for night in failed:
        axes.axvline(night, color=LOSS, linewidth=0.9, linestyle=(0, (2, 2)))
    axes.set_xlim(-0.03 * last, 1.03 * last)
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.grid(axis="y")
    axes.set_xlabel("night")
    axes.set_ylabel(label, color=INK)
