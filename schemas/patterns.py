"""Patterns ``TABLE.COLUMN`` that name columns of a contract, such as outcomes, leaks, or what a limit leaves alone."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache


@cache
def covers(pattern: str, table: str, column: str) -> bool:
    """Whether ``pattern`` is the column's full name, or matches it with ``*``, ``?`` or ``[...]``.

    A full name covers its column whatever signs it holds (``visits.BP [mmHg]``), and a column's name may hold dots
    (``visits.sample.yr``): a table's name holds none, so that the first dot ends it.
    """
    name = f"{table}.{column}"
    return pattern == name or fnmatchcase(name, pattern)


def covered(patterns: Iterable[str], table: str, column: str) -> bool:
    """Whether any of some patterns covers the column."""
    return _covered(tuple(patterns), table, column)


@cache
def _covered(patterns: tuple[str, ...], table: str, column: str) -> bool:
    return any(covers(pattern, table, column) for pattern in patterns)
