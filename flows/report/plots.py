"""The figures of a study's evaluation, from its summary alone: metrics, gains and learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.ticker import MaxNLocator

from flows.report.drawing import (
    GAIN,
    GRID,
    INK,
    LOSS,
    MARKERS,
    MUTED,
    NEUTRAL,
    Plot,
    canvas,
    model_colour,
    padded,
    wrap,
)
from flows.report.words import against_name, figure_text, gain_text, level, metric_name, model_name, number, short_title

_VERDICT = {
    "sharing helps": (GAIN, ">"),
    "gain": (GAIN, ">"),
    "sharing hurts": (LOSS, "<"),
    "loss": (LOSS, "<"),
}


def metric_plot(summary: Mapping[str, Any], task: str) -> Plot | None:
    """Dots with intervals of every model on a task's headline metric; nothing where it may not be shown."""
    record = summary["tasks"][task]
    metric = record["headline"]
    models = ordered_models(summary)
    figures = {model: summary["models"][model]["tasks"][task]["metrics"][metric] for model in models}
    if not record["shown"] or any(figure["low"] is None for figure in figures.values()):
        return None
    title = short_title(record["title"])
    name = f"metric_{task}"
    with canvas(name, height=0.62 + 0.27 * len(models), left=1.08, right=0.45) as drawn:
        axes = drawn.axes
        axes.set_xlim(*padded(min(f["low"] for f in figures.values()), max(f["high"] for f in figures.values())))
        for row, (model, figure) in enumerate(figures.items()):
            colour = model_colour(model, models)
            axes.plot([figure["low"], figure["high"]], [row, row], color=colour, linewidth=2, solid_capstyle="round")
            axes.plot([figure["value"]], [row], MARKERS[row % len(MARKERS)], color=colour, markersize=6)
            text = number(figure["value"], metric)
            axes.text(1.02, row, text, transform=axes.get_yaxis_transform(), va="center", fontsize=8.5)
        _rows(axes, [model_name(model) for model in models])
        axes.set_xlabel(metric_name(metric))
        axes.xaxis.set_major_locator(MaxNLocator(5))
    wide = level(summary["settings"]["confidence"])
    parts = [f"{model_name(model)} {figure_text(figure, metric)}" for model, figure in figures.items()]
    return Plot(name, title, f"{metric_name(metric)} with {wide} interval. {'; '.join(parts)}.", drawn.svg)


def gain_plot(summary: Mapping[str, Any], other: str) -> Plot:
    """Relative gain of the model over another one, by task and on average, with intervals."""
    model = summary["settings"]["model"]
    comparison = summary["comparisons"][model][other]
    rows = {short_title(summary["tasks"][task]["title"]): record for task, record in comparison["tasks"].items()}
    shown = {title: record for title, record in rows.items() if record["low"] is not None}
    if comparison["mean"]["low"] is not None:
        shown["Mean of all"] = comparison["mean"]
    name = f"gain_{other}"
    with canvas(name, height=0.75 + 0.31 * len(shown), left=1.4, right=0.1) as drawn:
        axes = drawn.axes
        axes.axvline(0, color=MUTED, linewidth=1)
        for row, (title, record) in enumerate(shown.items()):
            colour, marker = _VERDICT.get(record["verdict"], (NEUTRAL, "o"))
            width = 2.6 if title == "Mean of all" else 1.8
            low, value, high = (100 * record[key] for key in ("low", "value", "high"))
            axes.plot([low, high], [row, row], color=colour, linewidth=width, solid_capstyle="round")
            axes.plot([value], [row], marker, color=colour, markersize=6.5)
        bounds = [100 * record[key] for record in shown.values() for key in ("low", "high")] or [0.0]
        axes.set_xlim(*padded(min(0.0, *bounds), max(0.0, *bounds), 0.08))
        _rows(axes, [wrap(title, 23) for title in shown])
        axes.axhline(len(shown) - 1.5, color=GRID, linewidth=0.8)
        axes.set_xlabel("← worse    change in error, %    better →")
        axes.xaxis.set_major_locator(MaxNLocator(6))
        axes.grid(axis="x")
    parts = [f"{title} {gain_text(record)}, {record['verdict']}" for title, record in shown.items()]
    return Plot(name, f"Against {against_name(other)}", f"{'; '.join(parts)}.", drawn.svg)


def learning_plots(
    history: Sequence[Mapping[str, Any]], summary: Mapping[str, Any], own: Mapping[str, int] | None = None
) -> list[Plot]:
    """Training and validation loss of every task by epoch, the kept epoch marked.

    Args:
        own: the epoch that each task keeps, where every task stopped at its own.
    """
    if len(history) < 2:
        return []
    joint = min(history, key=lambda record: record["score"])["epoch"]
    plots = []
    for task, record in summary["tasks"].items():
        curves = {
            part: [(epoch["epoch"], epoch[part][task]) for epoch in history if task in epoch[part]]
            for part in ("train", "valid")
        }
        if not all(curves.values()):
            continue
        name, kept = f"learning_{task}", (own or {}).get(task, joint)
        with canvas(name, height=1.7, left=0.55, right=0.85) as drawn:
            axes = drawn.axes
            axes.axvline(kept, color=MUTED, linewidth=0.8, linestyle=(0, (1, 2)))
            for part, colour, style in (("train", NEUTRAL, (0, (4, 2))), ("valid", GAIN, "solid")):
                epochs, losses = zip(*curves[part], strict=True)
                axes.plot(epochs, losses, color=colour, linewidth=1.6, linestyle=style)
            _end_labels(axes, {part: points[-1][1] for part, points in curves.items()}, curves["valid"][-1][0])
            axes.set_xlabel("epoch")
            axes.grid(axis="y")
            axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
            axes.yaxis.set_major_locator(MaxNLocator(4))
        title = short_title(record["title"])
        words = f"Loss by epoch, training dashed and validation solid; the weights of epoch {kept} were kept."
        plots.append(Plot(name, title, words, drawn.svg))
    return plots


def ordered_models(summary: Mapping[str, Any]) -> list[str]:
    """The compared model, its twin, then the others by name."""
    first = [summary["settings"]["model"], summary["settings"]["twin"]]
    known = [name for name in first if name in summary["models"]]
    return known + sorted(name for name in summary["models"] if name not in first)


def _rows(axes: Any, labels: Sequence[str]) -> None:
    """One labelled row an entry, the first on top."""
    axes.set_yticks(range(len(labels)), labels, color=INK)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.spines["left"].set_visible(False)


def _end_labels(axes: Any, ends: Mapping[str, float], epoch: int) -> None:
    """Name the two curves at their right end, apart from each other."""
    low, high = axes.get_ylim()
    room = 0.13 * (high - low)
    (first, second) = sorted(ends, key=lambda part: ends[part])
    gap = max(0.0, room - (ends[second] - ends[first])) / 2
    words = {"train": "training", "valid": "validation"}
    for part, shift in ((first, -gap), (second, gap)):
        axes.text(epoch, ends[part] + shift, f" {words[part]}", va="center", fontsize=8, color=INK, clip_on=False)
