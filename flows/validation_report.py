"""A validation summary as tables for a terminal: counts and rules, never values."""

from __future__ import annotations

from typing import Any

from rich.table import Table


def validation_table(study: str, summary: dict[str, Any]) -> Table:
    """Rows in, valid and rejected of every table."""
    table = Table(
        "table", "rows in", "valid", "rejected", "values nulled", title=f"{study}: rows by table", title_justify="left"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for name, counts in summary["tables"].items():
        nulled = sum(sum(rules.values()) for rules in counts["nulled_by_column_and_rule"].values())
        table.add_row(name, *(f"{counts[key]:,}" for key in ("n_rows", "n_valid", "n_rejected")), f"{nulled:,}")
    return table


def reason_table(summary: dict[str, Any]) -> Table:
    """Every rule that rejected a row or nulled a value, with its count."""
    table = Table("table", "column", "rule", "what happened", "count", title="reasons", title_justify="left")
    table.columns[-1].justify = "right"
    for name, counts in summary["tables"].items():
        for rule, count in counts["rejected_by_rule"].items():
            table.add_row(name, "", rule, "row rejected", f"{count:,}")
        for what, key in (
            ("value nulled", "nulled_by_column_and_rule"),
            ("value recoded", "recoded_by_column_and_rule"),
        ):
            for column, rules in counts[key].items():
                for rule, count in rules.items():
                    table.add_row(name, column, rule, what, f"{count:,}")
    return table
