"""Decisions on the page: what each rule comes to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.report.tables import Cell, Table
from flows.report.words import NONE, NOT_SHOWN, UNDEFINED, figure_text, label_name, level, points, short_title
from mtl_models.metrics.comparison import TOO_FEW
from mtl_models.metrics.text import interval

_FIGURES = ("flagged", "sensitivity", "ppv")


def decision_table(summary: Mapping[str, Any]) -> Table | None:
    """Every label and class that is decided: the rule, who is flagged, and what that is worth."""
    rows = []
    for record in summary.get("decisions", {}).values():
        title = short_title(record["title"])
        for name, column in record["columns"].items():
            alone = len(record["columns"]) == 1
            heading = Cell(title if alone else label_name(name), "" if alone else title)
            cut = column["cut"]
            figures = column["metrics"]
            rows.append(
                (
                    heading,
                    Cell(record["rule"]),
                    Cell(NONE if cut is None else _threshold(cut)),
                    *(_share(figures.get(name), hidden=not figures) for name in _FIGURES),
                    _benefit(figures),
                )
            )
    if not rows:
        return None
    columns = (
        "Outcome",
        "Predicted",
        "Threshold",
        "Flagged per 100 people",
        "Cases found, %",
        "Flagged who are cases, %",
        "Net benefit per 100 people",
    )
    wide = level(summary["settings"]["confidence"])
    return Table(f"What is predicted, on tested people, with {wide} intervals", columns, tuple(rows))


def agreement_notes(summary: Mapping[str, Any]) -> list[str]:
    """How often a class is right, a sentence an outcome with classes."""
    notes = []
    for record in summary.get("decisions", {}).values():
        if "agreement" in record:
            figures = record["agreement"]
            said = f"{short_title(record['title'])}: the class is right in {figure_text(figures['accuracy'])} of people"
            if "qwk" in figures:
                said += f"; weighted kappa {figure_text(figures['qwk'])}"
            notes.append(f"{said}.")
    return notes


def _threshold(cut: float) -> str:
    return f"{cut:.3f}" if cut < 0.1 else f"{cut:.2f}"


def _share(figure: Mapping[str, Any] | None, *, hidden: bool) -> Cell:
    if hidden or figure is None:
        return Cell(NOT_SHOWN, TOO_FEW)
    return Cell(UNDEFINED) if figure["value"] is None else Cell(points(figure["value"]), interval(figure, points))


def _benefit(figures: Mapping[str, Any]) -> Cell:
    """Net benefit, and that of flagging everybody in small print."""
    if "net_benefit" not in figures or figures["net_benefit"]["value"] is None:
        return Cell(NONE)
    ours, everybody = figures["net_benefit"], figures["treat_all"]
    best = max(0.0, everybody["value"])
    tone = "" if ours["low"] is None else "gain" if ours["low"] > best else "loss" if ours["high"] < best else ""
    return Cell(points(ours["value"]), f"{interval(ours, points)}, everybody {points(everybody['value'])}", tone)
