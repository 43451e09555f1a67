"""What the cells that broke a rule look like, counted and never quoted."""

from __future__ import annotations

import polars as pl

from schemas.fields import ModelView, Rules
from schemas.fields.looks import DISTINCT
from schemas.reading.stored import as_text
from schemas.splitting.parsing import ROW

Looks = dict[str, dict[str, int]]


def looks_of(text: pl.DataFrame, notes: pl.DataFrame, view: ModelView) -> tuple[Looks, dict[str, pl.Series]]:
    """By column, how many of the cells that broke a rule look like what; columns and looks that occur, in order.

    Beside them, by column, the distinct texts that are none of its labels. Patient data.

    Args:
        text: the cells as they were delivered.
        notes: what validation noted of them.
        view: the table's rules.
    """
    bad = notes.filter(pl.col("effect").is_in(["null", "reject"]))
    noted = {str(column): part for (column,), part in bad.group_by("column", maintain_order=True)}
    found: Looks = {}
    undeclared: dict[str, pl.Series] = {}
    for column, rules in view.rules.items():
        if column not in noted:
            continue
        rows = noted[column].filter(pl.col("rule").is_in(list(rules.faults)))[ROW].unique()
        if rows.len():
            cells = as_text(text[column].gather(rows)).str.strip_chars().alias("text")
            counts, texts = _column_looks(cells, rules)
            if counts:
                found[column] = counts
            if texts is not None:
                undeclared[column] = texts
    return found, undeclared


def _column_looks(cells: pl.Series, rules: Rules) -> tuple[dict[str, int], pl.Series | None]:
    cases = pl.coalesce(pl.when(holds).then(pl.lit(look)) for look, holds in rules.looks())
    seen = cells.to_frame().select("text", look=cases)
    counts = dict(seen["look"].drop_nulls().value_counts(sort=False).rows())
    if "decimal_comma" in counts:
        counts["decimal_comma"] += counts.pop("thousands_comma", 0)
    order = [look for look, _ in rules.looks() if look in counts]
    ordered = {look: counts[look] for look in sorted(order, key=lambda look: -counts[look])}
    if "undeclared_label" not in counts:
        return ordered, None
    texts = seen.filter(pl.col("look") == "undeclared_label")["text"].unique()
    return {**ordered, DISTINCT: texts.len()}, texts
