"""One static page of all sweeps that were run: no address, no time stamp, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.experiments.sweeps.findings import findings, value_text
from flows.experiments.sweeps.plot import sweep_plot
from flows.experiments.sweeps.settings import COLUMNS, SHARED
from flows.project.paths import read_json, write_text
from flows.report.inline import inline_svg
from flows.report.tables import Cell, Table
from flows.report.templates import render
from flows.report.words import chance, gain_text, level
from mtl_models.metrics.settings import CONFIDENCE

PAGE = "index.html"
HEADS = ("Line", "Value", "Gain", "Error shared", "Error alone", "Labels in training", "People measured")


def sweeps_page(sweeps: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of some sweeps' figures, by name."""
    drawn = []
    for name, sweep in sweeps.items():
        plot = sweep_plot(name, sweep)
        drawn.append((name, sweep, inline_svg(plot), findings(sweep), _table(sweep)))
    return render(
        Path(__file__).with_name("sweeps.html"), sweeps=drawn, wide=level(CONFIDENCE), chance=chance(CONFIDENCE)
    )


def write_page(folder: Path, names: list[str]) -> Path:
    """Write the page of those sweeps whose figures are in ``folder``; its path."""
    found = {name: read_json(folder / f"{name}.json") for name in names if (folder / f"{name}.json").is_file()}
    write_text(folder / PAGE, sweeps_page(found))
    return folder / PAGE


def _table(sweep: Mapping[str, Any]) -> Table:
    """Every point of every line."""
    rows = [
        (
            line["line"],
            value_text(point["value"], sweep["form"]),
            gain_text(point["gain"]),
            f"{point[COLUMNS[SHARED]]:.3f}",
            f"{point[COLUMNS[SHARED.twin]]:.3f}",
            f"{point['n_labels']:,}",
            f"{point['n_people']:,}",
        )
        for line in sweep["lines"]
        for point in line["points"]
    ]
    return Table(f"Figures of: {sweep['title']}", HEADS, tuple(tuple(Cell(text) for text in row) for row in rows))
