"""What the commands on comparisons, groups and embeddings print, as tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from flows.experiments.compare.page import candidate_name, reference_names
from flows.experiments.groups.page import nearest
from flows.report.words import NONE, figure_text, gain_text, gain_value, level


def ranking(board: dict[str, Any]) -> Table:
    """One row a candidate: its seeds, mean figure and gains, and the task that fares worst against the first one."""
    references = reference_names(board)
    title = f"{board['n_people']} validation people, {level(board['confidence'])} intervals over people and seeds"
    columns = ("candidate", "seeds", "mean figure", *(f"over {name}" for name in references.values()), "worst task")
    table = Table(*columns, title=title, title_justify="left")
    for row in board["rows"]:
        gains = {kind: gain_text(each["mean"]) for kind, each in row["gains"].items()}
        worst = (row["gains"].get("first") or {}).get("worst")
        table.add_row(
            candidate_name(row),
            str(row["seeds"]),
            figure_text(row["mean"]),
            *(gains.get(kind, NONE) for kind in references),
            f"{worst['task']} {gain_value(worst)}" if worst else NONE,
        )
    return table


def groupings(record: dict[str, Any]) -> Table:
    """One row a grouping: its groups, mean gains, the worst task, and how many fits propose it."""
    title = (
        f"{record['n_people']} validation people, {level(record['confidence'])} intervals over people and seeds; "
        "the first is one group of all"
    )
    table = Table("grouping", "groups", "gain over it", "worst task", "over the twins", "fits that propose it")
    table.title, table.title_justify = title, "left"
    for name, run in record["runs"].items():
        over = run.get("over_plain")
        groups = " | ".join(", ".join(group) for group in record["groups"][name]) if over else "all"
        worst = f"{over['worst']['task']} {gain_value(over['worst'])}" if over and over["worst"] else "–"
        agree = f"{record['fits_that_agree'][name]} of {record['n_fits']}" if over else "–"
        gains = [gain_text(each["mean"] if each else None) for each in (over, run["over_twins"])]
        table.add_row(name, groups, gains[0], worst, gains[1], agree)
    return table


def negative_transfer(record: dict[str, Any]) -> Table:
    """One row a task: one trunk against the twin, and the best grouping against both."""
    plain, best = next(iter(record["runs"])), nearest(record)
    chosen = record["runs"][best]
    comparisons = [record["runs"][plain]["over_twins"], chosen["over_plain"], chosen["over_twins"]]
    table = Table("task", f"{plain} over its twin", f"{best} over {plain}", f"{best} over its twin")
    for task in comparisons[0]["tasks"]:
        table.add_row(task, *(gain_text(each["tasks"][task]) for each in comparisons))
    return table


def segments(summary: dict[str, Any]) -> Table:
    """One row an outcome, one column a segment: means, a dash where too few have a label or a value."""
    rows = summary["segments"]
    widths = ", ".join(f"{domain} {width}" for domain, width in summary["domains"].items())
    title = f"{summary['candidate']}: {summary['n_people']} people; size of the vectors: {widths}"
    columns = [f"segment {row['segment']}" for row in rows]
    table = Table("mean of the people", *columns, title=title, title_justify="left")
    table.add_row("people", *("few" if row["n"] is None else str(row["n"]) for row in rows))
    for name, outcome in summary["outcomes"].items():
        share = outcome["unit"] == "share"
        means = [row["means"][name] for row in rows]
        cells = ("–" if mean is None else f"{mean:.1%}" if share else f"{mean:.4g}" for mean in means)
        table.add_row(name if share else f"{name}, {outcome['unit']}", *cells)
    return table
