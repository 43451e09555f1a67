"""What a broken cell looks like: decimal commas, dates, labels, another unit. The conditions, and words for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

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
PATTERNS = {
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
_TEXT = pl.col("text")


def text_looks(declared: Iterable[str]) -> Iterator[tuple[str, pl.Expr]]:
    """Declared labels in another case, dates, and numbers with commas: of a column of any kind."""
    if labels := [label.lower() for label in declared]:
        yield "other_case", _TEXT.str.to_lowercase().is_in(labels)
    for look in ("date", "thousands_comma", "decimal_comma"):
        yield look, _TEXT.str.contains(PATTERNS[look])


def code_looks() -> Iterator[tuple[str, pl.Expr]]:
    """Labels and codes that are not declared: of a column that has some."""
    yield "undeclared_label", _TEXT.str.contains(r"\p{L}")
    yield "undeclared_code", _TEXT.str.contains(r"^[+-]?\d")


def number_looks() -> Iterator[tuple[str, pl.Expr]]:
    """Limits, numbers with text behind them and words: of a column of numbers."""
    for look in ("limit_sign", "number_and_text"):
        yield look, _TEXT.str.contains(PATTERNS[look])
    yield "text", _TEXT.cast(pl.Float64, strict=False).is_null() & _TEXT.str.contains(r"\p{L}")
