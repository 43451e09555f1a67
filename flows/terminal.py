"""What the commands on groups and embeddings print, as tables for a terminal."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from flows.headline import interval
from flows.report.groups import nearest


def groupings(record: dict[str, Any]) -> Table:
    """One row a grouping: its groups, mean gains, the worst task, and how many fits propose it."""
    title = f"{record['n_people']} validation people, 95 % intervals over people; the first is one group of all"
    table = Table("grouping", "groups", "gain over it", "worst task", "over the twins", "fits that propose it")
    table.title, table.title_justify = title, "left"
    for name, run in record["runs"].items():
        over = run.get("over_plain")
        groups = " | ".join(", ".join(group) for group in record["groups"][name]) if over else "all"
        worst = f"{over['worst']['task']} {over['worst']['value']:+.1%}" if over and over["worst"] else "–"
        agree = f"{record['fits_that_agree'][name]} of {record['n_fits']}" if over else "–"
        gains = [interval(gain["mean"] if gain else None, percent=True) for gain in (over, run["over_twins"])]
        table.add_row(name, groups, gains[0], worst, gains[1], agree)
    return table


def negative_transfer(record: dict[str, Any]) -> Table:
    """One row a task: one trunk against the twin, and the best grouping against both."""
    plain, best = next(iter(record["runs"])), nearest(record)
    chosen = record["runs"][best]
    comparisons = [record["runs"][plain]["over_twins"], chosen["over_plain"], chosen["over_twins"]]
    table = Table("task", f"{plain} over its twin", f"{best} over {plain}", f"{best} over its twin")
    for task in comparisons[0]["tasks"]:
        table.add_row(task, *(interval(each["tasks"][task], percent=True) for each in comparisons))
    return table


def segments(summary: dict[str, Any]) -> Table:
    """One row an outcome, one column a segment: means, a dash where too few have a label or a value."""
    rows = summary["segments"]
    widths = ", ".join(f"{domain} {width}" for domain, width in summary["domains"].items())
    title = f"{summary['run']}: {summary['n_people']} people; size of the vectors: {widths}"
    columns = [f"segment {row['segment']}" for row in rows]
    table = Table("mean of the people", *columns, title=title, title_justify="left")
    table.add_row("people", *("few" if row["n"] is None else str(row["n"]) for row in rows))
    for name, outcome in summary["outcomes"].items():
        share = outcome["unit"] == "share"
        means = [row["means"][name] for row in rows]
        cells = ("–" if mean is None else f"{mean:.1%}" if share else f"{mean:.4g}" for mean in means)
        table.add_row(name if share else f"{name}, {outcome['unit']}", *cells)
    return table
