"""The key that ties the tables together: in every table, one row a person, and a table that holds everybody."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from flows.new.column import Column
from flows.new.source import NewStudyError, SourceTable
from mtl_models.wording import nearest
from schemas.fields.person_key import as_declared
from schemas.reading.keys import without_leading_zeros

LOST = 0.02  # share of the rows that may lack a key, or a person of the person table: they are rejected and counted
DIGITS = r"^[0-9]+$"  # what the helper `person_key` takes where nothing else is said
# what keys look like, from strict to loose, and in words; none ends at a length. A pattern is written, never a key
_LOOKS = {
    DIGITS: "digits, as many as it takes: min_digits, max_digits and prefix narrow it",
    r"^[0-9a-f]{8,}$": "digits and a to f, 8 or more: narrow the pattern if you know more",
    r"^[A-Za-z0-9]+$": "letters and digits, as many as it takes: narrow the pattern if you know more",
    r"^[A-Za-z0-9._-]+$": "letters, digits, dots, lines, as many as it takes: narrow the pattern if you know more",
    r"^\S+$": "anything without blanks: narrow the pattern if you know more",
    r"^.+$": "anything: narrow the pattern if you know more",
}


def key_column(tables: Sequence[SourceTable], table: SourceTable, key: str) -> Column:
    """The key as a table declares it: the strictest look that all keys have, in which more people have room."""
    keys = pl.concat([_keys(each, key) for each in tables]).drop_nulls()
    pattern = next(look for look in _LOOKS if keys.str.contains(look).all())
    return Column(
        name=key,
        kind="person_key",
        title=table.columns[key].label or "Person",
        arguments={} if pattern == DIGITS else {"pattern": pattern},
        comments=(f"guessed: {_LOOKS[pattern]}",),
    )


def keys_of(table: SourceTable, key: Column) -> pl.Series:
    """The keys of a table's rows, as validation reads them: ``1`` for 1.0."""
    return _keys(table, key.name, str(key.arguments.get("pattern", DIGITS)))


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
        keys = _keys(table, key)
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
    keys = {table.name: _keys(table, key).drop_nulls() for table in tables}
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


def _keys(table: SourceTable, key: str, pattern: str = DIGITS) -> pl.Series:
    return table.frame.select(as_declared(key, pattern).alias(key)).to_series()
