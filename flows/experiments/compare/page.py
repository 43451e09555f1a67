"""The page of a comparison: candidates ranked, their gains over what they are measured by, and every figure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from flows.report.tables import Cell, Table, gain_cell
from flows.report.templates import render
from flows.report.words import NONE, gain_value, level, metric_name, model_name, number, without
from mtl_models.metrics.text import interval

BOOSTERS = ("lightgbm", "catboost")
BASELINES = ("linear", *BOOSTERS)


def candidate_name(row: Mapping[str, Any]) -> str:
    """The name of a row's candidate for a reader: as params.yaml has it; a baseline's and a twin's as on every page."""
    if twin_of := row.get("twin_of"):
        return f"{twin_of}, single-task twin"
    return model_name(row["candidate"]) if row["candidate"] in BASELINES else str(row["candidate"])


def reference_names(board: Mapping[str, Any]) -> dict[str, str]:
    """What the candidates are measured by, as far as any candidate is."""
    names = {"first": board["first"], **{name: model_name(name) for name in BOOSTERS}, "twin": "its single-task twin"}
    return {kind: name for kind, name in names.items() if any(kind in row["gains"] for row in board["rows"])}


def comparison_page(title: str, board: Mapping[str, Any]) -> str:
    """One static HTML page without external assets; the same bytes for the same figures."""
    references = reference_names(board)
    return render(
        Path(__file__).with_name("compare.html"),
        title=title,
        board=board,
        wide=level(board["confidence"]),
        means=means_table(board, references),
        gains=[(name, gains_table(board, kind, name)) for kind, name in references.items()],
        figures=figures_table(board),
    )


def means_table(board: Mapping[str, Any], references: Mapping[str, str]) -> Table:
    """Every candidate: its seeds, its mean figure, and its mean gain over each reference."""
    rows = []
    for row in board["rows"]:
        gains = [row["gains"].get(kind) for kind in references]
        seeds = str(row["seeds"]) if row["random"] else "1, nothing random"
        means = [_gain(each and each["mean"], board["titles"]) for each in gains]
        rows.append((Cell(candidate_name(row)), Cell(seeds), _figure(row["mean"], "", board["titles"]), *means))
    columns = ("Candidate", "Seeds", "Mean figure", *(f"Over {name}" for name in references.values()))
    return Table("Mean change in error over the outcomes of both, positive is better", columns, tuple(rows))


def gains_table(board: Mapping[str, Any], kind: str, name: str) -> Table:
    """By outcome: the gains of every candidate over one reference, with the outcome that fares worst."""
    titles = board["titles"]
    rows = []
    for row in board["rows"]:
        if kind in row["gains"]:
            found = row["gains"][kind]
            worst = found["worst"]
            cells = [_gain(found["tasks"].get(task), titles) for task in board["metrics"]]
            least = Cell(titles[worst["task"]], gain_value(worst)) if worst else Cell(NONE)
            rows.append((Cell(candidate_name(row)), _gain(found["mean"], titles), least, *cells))
    columns = ("Candidate", "Mean of all", "Outcome of least gain", *(titles[task] for task in board["metrics"]))
    return Table(f"Change in error against {name}, with {level(board['confidence'])} interval", columns, tuple(rows))


def figures_table(board: Mapping[str, Any]) -> Table:
    """The main figure of every candidate and outcome."""
    rows = [
        (
            Cell(candidate_name(row)),
            *(_figure(row["tasks"].get(task), metric, board["titles"]) for task, metric in board["metrics"].items()),
        )
        for row in board["rows"]
    ]
    columns = (
        "Candidate",
        *(f"{board['titles'][task]}, {metric_name(metric)}" for task, metric in board["metrics"].items()),
    )
    return Table(f"Main figure of each outcome with its {level(board['confidence'])} interval", columns, tuple(rows))


def _gain(record: Mapping[str, Any] | None, titles: Mapping[str, str]) -> Cell:
    return Cell(NONE) if record is None else gain_cell(record, titles)


def _figure(figure: Mapping[str, Any] | None, metric: str, titles: Mapping[str, str]) -> Cell:
    if figure is None or figure["value"] is None:
        return Cell(NONE)
    form = partial(number, metric=metric)
    return Cell(form(figure["value"]), interval(figure, form) + without(figure, titles))
