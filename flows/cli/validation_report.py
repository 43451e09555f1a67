"""A validation summary as tables for a terminal: counts and rules, never values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.table import Table


def validation_table(study: str, summary: dict[str, Any]) -> Table:
    """Rows of every table, or that it did not arrive; values emptied and cells delivered empty in its valid rows."""
    headings = ("table", "rows in", "valid", "rejected", "values nulled", "cells empty")
    table = Table(*headings, title=f"{study}: rows by table", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in summary["tables"].items():
        if name in summary["absent"]:
            table.add_row(name, "did not arrive", *[""] * (len(table.columns) - 2))
            continue
        nulled = sum(sum(rules.values()) for rules in counts["nulled_by_column_and_rule"].values())
        empty = sum(counts["empty_by_column"].values())
        figures = (*(counts[key] for key in ("n_rows", "n_valid", "n_rejected")), nulled, empty)
        table.add_row(name, *(f"{figure:,}" for figure in figures))
    return table


def reason_table(summary: dict[str, Any]) -> Table:
    """Every rule that rejected a row or changed a value, with the column and the count."""
    table = Table("table", "column", "rule", "what happened", "count", title="reasons", title_justify="left")
    table.columns[-1].justify = "right"
    for row in _reasons(summary):
        table.add_row(*row)
    return table


def _reasons(summary: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """A row with several reasons counts under each."""
    for name, counts in summary["tables"].items():
        for what, key in (
            ("row rejected", "rejected_by_column_and_rule"),
            ("value nulled", "nulled_by_column_and_rule"),
            ("value recoded", "recoded_by_column_and_rule"),
        ):
            for column, rules in counts[key].items():
                for rule, count in rules.items():
                    yield name, column, rule, what, f"{count:,}"
