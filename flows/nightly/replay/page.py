"""The page of a replay: training data, champion and figures night by night, small multiples with one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flows.nightly.replay.plots import plots_of
from flows.project.paths import write_text
from flows.report.inline import inline_svg
from flows.report.tables import Cell, Table
from flows.report.templates import render
from flows.report.words import figure_text, metric_name

PAGE = "replay.html"
Record = Mapping[str, Any]


def write_page(path: Path, title: str, found: Record) -> Path:
    """Write the page of a replay, and give its path."""
    write_text(path, replay_page(title, found))
    return path


def replay_page(title: str, found: Record) -> str:
    """The page as text; the same bytes for the same figures."""
    scored = found["scored"]
    return render(
        Path(__file__).with_name("replay.html"),
        title=title,
        study=found["study"],
        settings=found["settings"],
        plots=[(plot.title, inline_svg(plot)) for plot in plots_of(found)],
        failed=[(each["date"], each["error"]) for each in scored if each["error"]],
        mended=[each["date"] for each in scored if each["again"] and not each["error"]],
        trainings=_trainings(found["trained"]),
        figures=_figures(found["trained"]),
        nights=_nights(scored),
    )


def _trainings(trained: Sequence[Record]) -> Table:
    heads = ("After night", "People to learn from", "Newcomers", "Model", "Champion")
    rows = [
        (
            str(each["night"]),
            f"{each['parts']['train']:,}",
            f"{each['landed']['newcomers']:,}",
            each["version"],
            "yes" if each["promoted"] else f"no: {each['reason']}",
        )
        for each in trained
    ]
    return Table("Trainings", heads, tuple(tuple(Cell(text) for text in row) for row in rows))


def _figures(trained: Sequence[Record]) -> Table:
    heads = ("Outcome", "Metric", *(f"After night {each['night']}" for each in trained))
    rows = [
        (
            task,
            metric_name(first["metric"]),
            *(figure_text(each["figures"][task], first["metric"]) for each in trained),
        )
        for task, first in trained[0]["figures"].items()
    ]
    return Table("Figures on test people", heads, tuple(tuple(Cell(text) for text in row) for row in rows))


def _nights(scored: Sequence[Record]) -> Table:
    heads = ("Night", "Date", "Scored", "Rejected", "Rows landed", "Late rows", "Champion")
    rows = [
        (
            str(each["night"]),
            each["date"] + (" (mended)" if each["again"] else ""),
            *(str(each.get(name, "failed")) for name in ("n_scored", "n_rejected", "n_rows", "n_late")),
            each["champion"],
        )
        for each in scored
    ]
    return Table("Nights", heads, tuple(tuple(Cell(text) for text in row) for row in rows))
