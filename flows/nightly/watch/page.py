"""The page of what was watched: what is in alarm, small multiples over the nights, and the night's records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flows.nightly.watch.night import Night, advice
from flows.nightly.watch.plots import plots_of
from flows.nightly.watch.records import AREAS, BEYOND, DEAD, FINE, NOT_JUDGED, Record
from flows.project.paths import write_text
from flows.report.inline import inline_svg
from flows.report.tables import Cell, Table
from flows.report.templates import render
from flows.study.study import Study

TITLES = {
    "tables": "Tables",
    "inputs": "Inputs",
    "scores": "Scores",
    "performance": "Performance by month of prediction",
}
_ORDER = (DEAD, BEYOND, FINE, NOT_JUDGED)


def write_page(study: Study, night: Night) -> Path:
    """Write the page of a date, and give its path."""
    path = study.paths.watch / f"{night.date}.html"
    plots = plots_of({day: records for day, records in night.nights.items() if day.isoformat() <= night.date})
    page = render(
        Path(__file__).with_name("watch.html"),
        study=study.name,
        title=study.settings.title,
        date=night.date,
        settings=study.settings.watch,
        alarms=[alarm.words for alarm in night.alarms],
        advice=advice(study, night),
        n_nights=len(night.nights),
        areas=[
            (
                TITLES[area],
                [(plot.title, inline_svg(plot)) for plot in plots[area]],
                table_of(TITLES[area], [each for each in night.records if each.area == area]),
            )
            for area in AREAS
        ],
        not_judged=sum(record.state == NOT_JUDGED for record in night.records),
    )
    write_text(path, page)
    return path


def table_of(caption: str, records: Sequence[Record]) -> Table:
    """The records of an area, what is beyond its limit first."""
    rows = [
        (
            Cell(record.name or "everything", record.part),
            Cell(record.measure),
            Cell(record.state, tone="loss" if record.state in (BEYOND, DEAD) else ""),
            Cell(record.words),
        )
        for record in sorted(records, key=lambda each: _ORDER.index(each.state))
    ]
    return Table(caption, ("What", "Measure", "State", "In words"), tuple(rows))
