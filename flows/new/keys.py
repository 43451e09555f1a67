"""The key that ties the tables together: in every table, one row a person, and a table that holds everybody."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from flows.new.source import NewStudyError, SourceTable
from mtl_models.wording import nearest
from schemas.fields.person_key import as_declared
from schemas.reading.keys import without_leading_zeros

LOST = 0.02  # share of the rows that may lack a key, or a person of the person table: they are rejected and counted
# what keys look like, from strict to loose; the pattern is written, never a key
PATTERNS = (r"^[0-9]+$", r"^[0-9a-f]+$", r"^[A-Za-z0-9]+$", r"^[A-Za-z0-9._-]+$", r"^\S+$", r"^.+$")


def key_pattern(tables: Sequence[SourceTable], key: str) -> str:
    """The strictest pattern that all keys have."""
    keys = pl.concat([_keys(table, key, PATTERNS[0]) for table in tables]).drop_nulls()
    return next(pattern for pattern in PATTERNS if keys.str.contains(pattern).all())


def check_keys(tables: Sequence[SourceTable], key: str) -> None:
    """Make sure that every table has the key, and one row a person.

    Raises:
        NewStudyError: with all that is wrong, as counts.
    """
    faults = []
    for table in tables:
        if key not in table.frame.columns:
            near = nearest(key, table.frame.columns)
            faults.append(
                f"{table.path.name} has no column {key!r} (--key)" + (f"; the nearest is {near!r}" if near else "")
            )
            continue
        keys = _keys(table, key, PATTERNS[0])
        if keys.null_count() > LOST * len(keys):
            faults.append(f"{table.path.name}: {keys.null_count()} of {len(keys)} rows have no {key}")
        known = keys.drop_nulls()
        if doubled := len(known) - known.n_unique():
            faults.append(
                f"{table.path.name}: {doubled} of {len(known)} rows repeat a person's {key}: a table has one row a "
                "person. If it lists visits or tests, sum it up to one row a person first; take doubled rows out"
            )
        elif doubled := len(known) - without_leading_zeros(known).n_unique():
            faults.append(
                f"{table.path.name}: {doubled} rows repeat a {key} with other zeros in front: write it in one way"
            )
    if faults:
        raise NewStudyError(*faults)


def person_table(tables: Sequence[SourceTable], key: str) -> str:
    """The table that holds every person of the others; nearly, for those that lack one are rejected and counted.

    Raises:
        NewStudyError: if none does.
    """
    keys = {table.name: _keys(table, key, PATTERNS[0]).drop_nulls() for table in tables}
    largest = max(keys, key=lambda name: len(keys[name]))
    faults = []
    for name, theirs in keys.items():
        strange = int((~theirs.is_in(keys[largest].implode())).sum())
        if strange > LOST * len(theirs):
            faults.append(
                f"{strange} of {len(theirs)} people of {name} are not in {largest}, the table with most people: one "
                "table must hold everybody; make one with a row for each person, or give more of the files"
            )
    if faults:
        raise NewStudyError(*faults)
    return largest


def _keys(table: SourceTable, key: str, pattern: str) -> pl.Series:
    return table.frame.select(as_declared(key, pattern).alias(key)).to_series()
