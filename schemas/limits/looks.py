"""What the cells that broke a rule look like: decimal commas, dates, labels, another unit. Counted, never quoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from schemas.fields import ModelView, Rules
from schemas.splitting.parsing import ROW

# rules that a cell breaks on its own, by what is written in it
_OF_TEXT = ("not_a_number", "not_an_integer", "not_a_time", "undeclared_code", "out_of_range")
_MONTH = r"(jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*"
_DATE = "|".join(
    [
        r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?",
        r"\d{1,2}[./-]\d{1,2}([./-](\d{2}|\d{4})?( .*)?)",
        r"\d{1,2}/\d{1,2}",
        rf"\d{{1,2}}[. /-]*{_MONTH}[. /-]*\d{{0,4}}",
        rf"{_MONTH}[. /-]*\d{{1,4}}",
    ]
)
_PATTERNS = {
    "date": rf"(?i)^({_DATE})$",
    # 1,234 may be either; the other cells of the column decide
    "thousands_comma": r"^-?[1-9]\d{0,2}(,\d{3})+(\.\d+)?$",
    "decimal_comma": r"^[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+$",
    "limit_sign": r"^[<>≤≥]=?\s*\d",
    "number_and_text": r"^[+-]?\d+([.,]\d+)?\s*[^\d\s.,].*$",
}
UNIT = "unit "  # before the name of a unit
DISTINCT = "distinct_labels"  # not cells but how many different labels there are
WORDS = {
    "date": "dates",
    "thousands_comma": "numbers with commas between thousands",
    "decimal_comma": "decimal commas",
    "limit_sign": "limits such as 'more than'",
    "number_and_text": "numbers with text behind them",
    "zero": "zeros",
    "other_case": "declared labels in other letters (upper or lower case)",
    "undeclared_label": "labels that are not declared",
    "undeclared_code": "codes that are not declared",
    "text": "words where numbers are declared",
}


def looks_of(text: pl.DataFrame, notes: pl.DataFrame, view: ModelView) -> dict[str, dict[str, int]]:
    """By column, how many of the cells that broke a rule look like what; columns and looks that occur, in order.

    Args:
        text: the cells as they were delivered.
        notes: what validation noted of them.
        view: the table's rules.
    """
    bad = notes.filter(pl.col("effect").is_in(["null", "reject"]) & pl.col("rule").is_in(_OF_TEXT))
    if bad.is_empty():
        return {}
    rows_of = dict(bad.group_by("column", maintain_order=True).agg(pl.col(ROW).unique(maintain_order=True)).rows())
    found = {}
    for column, rules in view.rules.items():
        if column in rows_of and rules.kind != "person_key":
            cells = text[column].gather(rows_of[column]).str.strip_chars().alias("text")
            if counts := _column_looks(cells, rules):
                found[column] = counts
    return found


def _column_looks(cells: pl.Series, rules: Rules) -> dict[str, int]:
    cases = pl.coalesce(pl.when(holds).then(pl.lit(look)) for look, holds in _cases(rules))
    seen = cells.to_frame().select("text", look=cases)
    counts = dict(seen["look"].drop_nulls().value_counts(sort=False).rows())
    if "decimal_comma" in counts:
        counts["decimal_comma"] += counts.pop("thousands_comma", 0)
    order = [look for look, _ in _cases(rules) if look in counts]
    ordered = {look: counts[look] for look in sorted(order, key=lambda look: -counts[look])}
    if "undeclared_label" in counts:
        ordered[DISTINCT] = seen.filter(pl.col("look") == "undeclared_label")["text"].n_unique()
    return ordered


def _cases(rules: Rules) -> Iterator[tuple[str, pl.Expr]]:
    """Looks of a cell of the column, the first that fits counts."""
    text = pl.col("text")
    coded = bool(rules.labels or rules.codes)
    declared = [*rules.labels, *(str(code) for code in rules.special)]
    if declared:
        yield "other_case", text.str.to_lowercase().is_in([label.lower() for label in declared])
    for look in ("date", "thousands_comma", "decimal_comma"):
        yield look, text.str.contains(_PATTERNS[look])
    if coded:
        yield "undeclared_label", text.str.contains(r"\p{L}")
        yield "undeclared_code", text.str.contains(r"^[+-]?\d")
        return
    if rules.kind == "time_of_day":
        return
    number = text.cast(pl.Float64, strict=False)
    if rules.low is not None and rules.high is not None:
        yield "zero", number == 0
        for unit, conversion in rules.other_units.items():
            factor, offset = conversion if isinstance(conversion, tuple) else (conversion, 0.0)
            yield f"{UNIT}{unit}", (number * factor + offset).is_between(rules.low, rules.high)
    for look in ("limit_sign", "number_and_text"):
        yield look, text.str.contains(_PATTERNS[look])
    yield "text", number.is_null() & text.str.contains(r"\p{L}")


def look_words(looks: Mapping[str, int], *, at_least: float) -> Iterator[tuple[str, int]]:
    """The looks of a column in words with their counts; those of fewer cells than ``at_least`` are left out."""
    for look, count in looks.items():
        if look == DISTINCT or count < at_least:
            continue
        yield (f"numbers in {look.removeprefix(UNIT)}" if look.startswith(UNIT) else WORDS[look]), count
