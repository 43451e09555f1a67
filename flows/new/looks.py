"""What cells look like that no number and no word is: dates, times of day, numbers with decimal commas."""

from __future__ import annotations

import polars as pl

NEARLY_ALL = 0.98  # of the cells: the others are mistakes, which validation counts
_YEAR, _MONTH, _DAY = r"(19|20)\d\d", r"(0?[1-9]|1[0-2])", r"(0?[1-9]|[12]\d|3[01])"
_NAMED = r"(jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?"
_DATES = (
    rf"{_YEAR}[-/]{_MONTH}([-/]{_DAY})?",
    rf"{_YEAR}\.{_MONTH}\.{_DAY}",
    rf"{_YEAR}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])",
    r"\d{1,2}[./-]\d{1,2}[./-](\d{2}|\d{4})",
    rf"\d{{1,2}}[. -]*{_NAMED}[ ,-]*(\d{{2}}|\d{{4}})",
    rf"{_NAMED} *\d{{1,2}},? *\d{{4}}",
)
_DATE = rf"(?i)^({'|'.join(_DATES)})([T ,:]+\d{{1,2}}:\d{{2}}.*)?$"
_CLOCK = r"^(b')?([01]?\d|2[0-3]):[0-5]\d(:00)?'?$|^b''$"  # b'23:30' is how bytes print in Python
_PLAIN_OR_COMMA = r"^[-+]?(\d+(,\d+)?|\d{1,3}(,\d{3})+)$"
_NUMBER_INSIDE = r"^[^\w\s]?\s?[-+]?\d+([.,]\d+)?\s?\S*$"
_SOME = 0.1  # of the cells with a comma; fewer are answers side by side, such as `1,2`


def is_date(cells: pl.Series) -> bool:
    """Whether nearly all cells are dates, as people and programs write them."""
    return _share(cells, _DATE) >= NEARLY_ALL


def is_clock(cells: pl.Series) -> bool:
    """Whether nearly all cells are times of day."""
    return _share(cells, _CLOCK) >= NEARLY_ALL


def has_decimal_commas(cells: pl.Series) -> bool:
    """Whether cells are numbers with commas in them."""
    return _share(cells, ",") >= _SOME and _share(cells, _PLAIN_OR_COMMA) >= NEARLY_ALL


def has_more_than_numbers(cells: pl.Series) -> bool:
    """Whether nearly all cells begin with a number that something else stands beside: ``12 %``, ``$12``, ``120/80``."""
    return _share(cells, _NUMBER_INSIDE) >= NEARLY_ALL


def _share(cells: pl.Series, pattern: str) -> float:
    return float(cells.str.contains(pattern).mean() or 0.0)  # type: ignore[arg-type]
