"""The page of a choice of groups: which was tried, what it gains and avoids, and the affinity behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.report.affinity import affinity_plots
from flows.report.inline import inline_svg
from flows.report.tables import Cell, Table, gain_cell
from flows.report.templates import render
from flows.report.words import NONE, gain_text, gain_value, label_name, level, short_title
from mtl_models.data.tasks import Task


def nearest(record: Mapping[str, Any]) -> str:
    """The grouping that wins, or the one with the largest mean gain over one trunk."""
    tried = {name: run["over_plain"]["mean"]["value"] for name, run in record["runs"].items() if "over_plain" in run}
    return str(record["winner"]) if record["winner"] in tried else max(tried, key=lambda name: float(tried[name] or 0))


def verdict(record: Mapping[str, Any]) -> str:
    """Which grouping wins, in a sentence."""
    runs, winner = record["runs"], record["winner"]
    best = nearest(record)
    words = gain_text(runs[best]["over_plain"]["mean"])
    if winner == best:
        return f"{winner.capitalize()} win: {words} over one trunk for all."
    return f"No grouping is clearly better than one trunk for all, so one trunk stays. Nearest: {best}, {words}."


def hurt_sentences(record: Mapping[str, Any], titles: Mapping[str, str]) -> list[str]:
    """The outcomes that one trunk predicts worse than their twins, and what becomes of that in groups."""
    if not record["hurt"]:
        return ["One trunk predicts no outcome worse than its twin does."]
    found = []
    for task in record["hurt"]:
        gains = {name: run["over_twins"]["tasks"][task] for name, run in record["runs"].items()}
        words = ", ".join(f"{gain_value(gain)} with {name}" for name, gain in gains.items())
        found.append(f"{titles[task]}, against its twin: {words}.")
    return found


def groupings_table(record: Mapping[str, Any], titles: Mapping[str, str]) -> Table:
    """Every grouping: its groups, its mean gains, its worst outcome, and how many fits propose it."""
    rows = []
    for name, run in record["runs"].items():
        groups = "; ".join(", ".join(titles[task] for task in group) for group in record["groups"][name])
        over = run.get("over_plain")
        worst = over and over["worst"]
        rows.append(
            (
                Cell(name.capitalize(), groups if over else "all outcomes"),
                gain_cell(over["mean"], titles) if over else Cell("–"),
                Cell(titles[worst["task"]], gain_value(worst)) if worst else Cell(NONE),
                gain_cell(run["over_twins"]["mean"], titles),
                Cell(f"{record['fits_that_agree'][name]} of {record['n_fits']}" if over else "–"),
            )
        )
    columns = ("Grouping", "Over one trunk", "Outcome of least gain", "Over single-task twins", "Fits that agree")
    return Table("Mean change in error over the outcomes, positive is better", columns, tuple(rows))


def outcomes_table(record: Mapping[str, Any], titles: Mapping[str, str], kind: str, caption: str) -> Table:
    """By outcome: every grouping against one trunk (``over_plain``) or against the twins (``over_twins``)."""
    runs = {name: run[kind]["tasks"] for name, run in record["runs"].items() if kind in run}
    tasks = next(iter(runs.values()))
    rows = [(Cell(titles[task]), *(gain_cell(gains[task]) for gains in runs.values())) for task in tasks]
    columns = ("Outcome", *(name.capitalize() for name in runs))
    return Table(f"{caption}, with {level(record['confidence'])} interval", columns, tuple(rows))


def groups_page(title: str, record: Mapping[str, Any], tasks: Sequence[Task]) -> str:
    """One static HTML page without external assets; the same bytes for the same figures."""
    titles = {task.name: short_title(task.title) if task.title else label_name(task.name) for task in tasks}
    plots = affinity_plots(record["affinity"], titles.__getitem__, looked_at="validation people")
    return render(
        Path(__file__).with_name("groups.html"),
        title=title,
        record=record,
        wide=level(record["confidence"]),
        verdict=verdict(record),
        hurt=hurt_sentences(record, titles),
        groupings=groupings_table(record, titles),
        outcomes=[
            outcomes_table(record, titles, "over_twins", "Change in error against the single-task twins"),
            outcomes_table(record, titles, "over_plain", "Change in error against one trunk for all"),
        ],
        figures=[(plot, inline_svg(plot)) for plot in plots],
    )
