"""Calibration on the page: a row a probability or number, and what was corrected after training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flows.report.tables import Cell, Table
from flows.report.words import NONE, UNDEFINED, count, label_name, level, number, short_title
from mtl_models.metrics.text import interval

_PLAIN = ""


def calibration_table(summary: Mapping[str, Any]) -> Table | None:
    """Observed over expected, slope, and calibration error beside that of a perfectly calibrated model."""
    rows = []
    minimum = summary["settings"]["min_count"]
    for task, columns in summary.get("calibration", {}).items():
        record = summary["tasks"][task]
        title = short_title(record["title"])
        for name, each in columns.items():
            alone = len(columns) == 1
            heading = Cell(title if alone else label_name(name), "" if alone else title)
            if each["n"] is None:
                rows.append((heading, Cell(count(None, minimum)), *(Cell(NONE) for _ in range(4))))
                continue
            rows.append(
                (heading, Cell(f"{each['n']:,}"), _level_cell(each, record["unit"]), _slope(each), *_errors(each))
            )
    if not rows:
        return None
    wide = level(summary["settings"]["confidence"])
    columns = ("Outcome", "People", "Observed over expected", "Slope", "Calibration error", "A perfect model's")
    return Table(f"Calibration on tested people, with {wide} intervals", columns, tuple(rows))


def corrections(training: Mapping[str, Any], summary: Mapping[str, Any]) -> str:
    """Which heads were corrected after training, in a sentence; nothing where that was not asked for."""
    if "calibration" not in training:
        return ""
    corrected = [
        short_title(summary["tasks"][task]["title"]) for task in training["calibration"] if task in summary["tasks"]
    ]
    asked = (
        "After training, each outcome's predictions were moved by a shift and a slope where the validation people "
        "asked for it beyond chance"
    )
    return f"{asked}: {', '.join(corrected)}." if corrected else f"{asked}, which was nowhere."


def _level_cell(record: Mapping[str, Any], unit: str) -> Cell:
    """Cases over cases expected; of a number how far it is off on average."""
    if "ratio" in record:
        return _figure(record["ratio"], apart_from=1.0)
    cell = _figure(record["bias"], apart_from=0.0)
    return Cell(f"off by {cell.text}" + (f" {unit}" if unit else ""), cell.small, cell.tone)


def _slope(record: Mapping[str, Any]) -> Cell:
    return _figure(record["slope"], apart_from=1.0)


def _errors(record: Mapping[str, Any]) -> tuple[Cell, Cell]:
    if "error" not in record:
        return Cell(NONE), Cell(NONE)
    above = record["error"] > record["chance"]
    return Cell(number(record["error"], _PLAIN), tone="loss" if above else ""), Cell(
        f"up to {number(record['chance'], _PLAIN)}"
    )


def _figure(figure: Mapping[str, Any], *, apart_from: float) -> Cell:
    """A figure with its interval, marked where that leaves out what a calibrated model has."""
    if figure["value"] is None:
        return Cell(UNDEFINED)
    low, high = figure["low"], figure["high"]
    off = low is not None and not low <= apart_from <= high
    text = f"{figure['value']:.2f}".replace("-", "−")
    return Cell(text, interval(figure, lambda value: f"{value:.2f}".replace("-", "−")), "loss" if off else "")
