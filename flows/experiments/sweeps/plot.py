"""The figure of a sweep: what sharing is worth against what is varied, a line and a band each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator

from flows.experiments.sweeps.findings import value_text
from flows.report.drawing import INK, MARKERS, MODEL_COLOURS, MUTED, Plot, canvas, padded
from flows.report.words import level
from mtl_models.metrics.settings import CONFIDENCE

_COLOURS = tuple(MODEL_COLOURS.values())
_ROW = 0.19  # inches: a line of the key


def sweep_plot(name: str, sweep: Mapping[str, Any]) -> Plot:
    """Gain over the single-task twins with bands of the intervals, the zero line drawn, a key above the panel."""
    lines, form = sweep["lines"], sweep["form"]
    height = 2.35 + _ROW * len(lines)
    with canvas(name, height=height, left=0.52, right=0.14, bottom=0.42) as drawn:
        axes = drawn.axes
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, box.width, box.height - _ROW * len(lines) / height))
        if form == "log":
            axes.set_xscale("log")
        axes.axhline(0, color=MUTED, linewidth=1.2)
        for place, line in enumerate(lines):
            colour, marker = _COLOURS[place % len(_COLOURS)], MARKERS[place]
            values = [point["value"] for point in line["points"]]
            low, middle, high = (
                [100 * point["gain"][key] for point in line["points"]] for key in ("low", "value", "high")
            )
            axes.fill_between(values, low, high, color=colour, alpha=0.16, linewidth=0)
            axes.plot(values, middle, marker=marker, color=colour, linewidth=1.6, markersize=5)
            top = 1 + (len(lines) - place - 0.4) * _ROW / (axes.get_position().height * height)
            axes.plot([0.0, 0.08], [top, top], color=colour, linewidth=1.6, transform=axes.transAxes, clip_on=False)
            axes.plot([0.04], [top], marker, color=colour, markersize=5, transform=axes.transAxes, clip_on=False)
            axes.text(0.11, top, line["line"], transform=axes.transAxes, va="center", color=INK)
        ticks = [point["value"] for point in lines[0]["points"]]
        if form != "log":
            axes.set_xlim(*padded(ticks[0], ticks[-1]))
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([value_text(value, form) for value in ticks])
        axes.yaxis.set_major_locator(MaxNLocator(6))
        axes.grid(axis="y")
        axes.set_xlabel(sweep["axis"])
        axes.set_ylabel("gain of sharing, %")
    words = f"Gain of sharing over single-task twins against {sweep['axis']}, bands are {level(CONFIDENCE)} intervals"
    return Plot(name, sweep["title"], words, drawn.svg)
