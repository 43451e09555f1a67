"""Keys of persons: as the contract writes them, and each person under one spelling only."""

from __future__ import annotations

import polars as pl

from schemas.faults import TableFault
from schemas.reading.text_table import TextTable


def without_leading_zeros(keys: pl.Series) -> pl.Series:
    """Numbers as ``1`` where they may stand as ``001`` elsewhere; other keys as they are."""
    return keys.str.replace(r"^0+([0-9]+)$", "$1")


def _bare(keys: pl.Series) -> pl.Series:
    """Keys without the zeros that they start with, whatever follows: keys that differ here are different persons.

    It takes a third of the time of ``without_leading_zeros``, and what it leaves to that is next to nothing.
    """
    return keys.str.strip_chars_start("0")


def check_repeats(keys: pl.Series, text: TextTable) -> None:
    """Make sure that no person has two rows, under one spelling or two; null is no person.

    Raises:
        TableFault: if one has.
    """
    rows = keys.drop_nulls()
    if _bare(rows).n_unique() == rows.len():
        return
    if doubled := rows.len() - rows.n_unique():
        raise TableFault(
            text.table, f"{text.file}: {doubled} rows repeat a person's {keys.name}; keep one row for each person"
        )
    if doubled := rows.len() - without_leading_zeros(rows).n_unique():
        raise TableFault(
            text.table,
            f"{text.file}: {doubled} rows repeat a person's {keys.name} with other zeros in front of it (as 1 and 001 "
            "would be); write every key in one way, and keep one row for each person",
        )


def check_spelling(keys: pl.Series, text: TextTable, persons: pl.Series, person_table: str) -> None:
    """Make sure that no person has another spelling in ``text`` than in the person table.

    Raises:
        TableFault: if one has.
    """
    given = keys.drop_nulls()
    unknown = given.filter(~given.is_in(persons.implode()))
    if not unknown.len():
        return
    alike = persons.filter(_bare(persons).is_in(_bare(unknown).unique().implode()))
    same = without_leading_zeros(unknown).is_in(without_leading_zeros(alike).implode())
    if count := int(same.sum()):
        raise TableFault(
            text.table,
            f"{text.file}: {count} rows name a person's {keys.name} with other zeros in front than {person_table} "
            "(as 1 and 001 would be); write every key in one way",
        )
