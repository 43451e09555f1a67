"""What each outcome is predicted from, what is hidden from it, and what nearly says it and is shown all the same."""

from __future__ import annotations

from collections.abc import Iterator

from flows.report.context import ReportContext
from flows.report.tables import Cell, Table
from flows.report.words import NONE, label_name, listing, lower_first, short_title
from mtl_models.data.dataset import Feature

CAPTION = "What each outcome is predicted from"
COLUMNS = ("Outcome", "Features", "From", "Hidden, since it would tell")


def seen_table(context: ReportContext) -> Table:
    """A row an outcome: its features by domain with the source tables, and the columns that it may not see."""
    rows = []
    for task in context.tasks:
        features = [each for each in context.spec.features if task.name not in each.hidden_from]
        tables = sorted({table for each in features for table in each.tables})
        rows.append(
            (
                Cell(short_title(task.title or label_name(task.name))),
                Cell(f"{len(features)}"),
                Cell(", ".join(_domains(features)), f"tables: {', '.join(tables)}" if tables else ""),
                Cell(", ".join((*task.columns, *task.leaks)) or NONE),
            )
        )
    return Table(CAPTION, COLUMNS, tuple(rows))


def _domains(features: list[Feature]) -> Iterator[str]:
    for domain in dict.fromkeys(each.domain for each in features):
        yield f"{lower_first(label_name(domain))} {sum(each.domain == domain for each in features)}"


def seen_sentences(context: ReportContext) -> list[str]:
    """Whether all outcomes see the same, what none sees, and what is near an outcome, column by column."""
    found = []
    if any(each.hidden_from for each in context.spec.features):
        found.append(
            "Each outcome sees what the others are made of, unless it would give the outcome away: a prediction of one "
            "is made as if the measurements and answers behind the others were there."
        )
    elif context.tasks:
        found.append("All outcomes see the same features; what any of them is made of is hidden from all.")
    if context.known_later:
        found.append(f"Hidden from all, since it comes later: {', '.join(context.known_later)}.")
    titles = {task.name: short_title(task.title or label_name(task.name)) for task in context.tasks}
    for task, columns in context.near.items():
        for column, why in columns.items():
            found.append(f"Near {listing([lower_first(titles[task])])}, and shown: {column}. {why}")
    return found
