"""What the cells that broke a rule look like, counted and never quoted."""

from __future__ import annotations

import polars as pl

from schemas.fields import ModelView, Rules
from schemas.fields.looks import DISTINCT
from schemas.splitting.parsing import ROW


def looks_of(text: pl.DataFrame, notes: pl.DataFrame, view: ModelView) -> dict[str, dict[str, int]]:
    """By column, how many of the cells that broke a rule look like what; columns and looks that occur, in order.

    Args:
        text: the cells as they were delivered.
        notes: what validation noted of them.
        view: the table's rules.
    """
    bad = notes.filter(pl.col("effect").is_in(["null", "reject"]))
    noted = {str(column): part for (column,), part in bad.group_by("column", maintain_order=True)}
    found = {}
    for column, rules in view.rules.items():
        rows = noted.get(column, bad.clear()).filter(pl.col("rule").is_in(list(rules.faults)))[ROW].unique()
        if rows.len():
            cells = text[column].gather(rows).str.strip_chars().alias("text")
            if counts := _column_looks(cells, rules):
                found[column] = counts
    return found


def _column_looks(cells: pl.Series, rules: Rules) -> dict[str, int]:
    cases = pl.coalesce(pl.when(holds).then(pl.lit(look)) for look, holds in rules.looks())
    seen = cells.to_frame().select("text", look=cases)
    counts = dict(seen["look"].drop_nulls().value_counts(sort=False).rows())
    if "decimal_comma" in counts:
        counts["decimal_comma"] += counts.pop("thousands_comma", 0)
    order = [look for look, _ in rules.looks() if look in counts]
    ordered = {look: counts[look] for look in sorted(order, key=lambda look: -counts[look])}
    if "undeclared_label" in counts:
        ordered[DISTINCT] = seen.filter(pl.col("look") == "undeclared_label")["text"].n_unique()
    return ordered
