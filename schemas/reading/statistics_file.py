"""Reading a file of Stata, SPSS or SAS as text, the same text that a CSV would hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

import polars as pl

from schemas.faults import TableFault
from schemas.fields import ModelView, Rules
from schemas.reading.described import ColumnMetadata
from schemas.reading.header import check_header
from schemas.reading.readstat import read_statistics
from schemas.reading.text_table import TextTable
from schemas.reading.types import check_types
from schemas.reading.value_labels import contradictions, translation

_CASELESS = (".sav", ".sas7bdat", ".xpt")  # SPSS and SAS take ID and id for one name


def read_statistics_table(
    data: bytes, file: str, view: ModelView, *, table: str, stored_as: str, optional: Collection[str], form: str
) -> TextTable:
    """The rows of a file; ``file`` is its name in errors, ``stored_as`` its name in rejects, ``form`` its end.

    A code stands as the contract knows it: as the code, or as its value label. A value that the file declares missing
    is empty, unless the contract knows its code.

    Raises:
        TableFault: if it is damaged, has not the model's columns, a column's type cannot be what is declared, or its
            value labels say otherwise than the contract.
    """
    read = read_statistics(data, form, file, table=table)
    declared = {name.casefold(): name for name in view.rules} if form in _CASELESS else {}
    twice = Counter(name.casefold() for name in read.text.columns)
    header = [
        name if name in view.rules or twice[name.casefold()] > 1 else declared.get(name.casefold(), name)
        for name in (each.strip() for each in read.text.columns)
    ]
    check_header(header, file, table, list(view.rules), optional)
    place = {name: at for at, name in enumerate(header)}
    given = [name for name in view.rules if name in place]
    check_types(pl.DataFrame([read.stored.to_series(place[name]).alias(name) for name in given]), file, table, view)
    columns = {name: read.metadata.columns[place[name]] for name in given}
    if against := [name for name in given if contradictions(columns[name], view.rules[name])]:
        raise TableFault(
            table,
            f"{file}: the value labels of {', '.join(against)} say otherwise than the contract of {table} what a code "
            "stands for; mend whichever is wrong",
        )
    text = [
        _meant(
            read.text.to_series(place[name]).alias(name),
            read.stored.to_series(place[name]),
            columns[name],
            view.rules[name],
        )
        for name in given
    ]
    lines = pl.int_range(1, read.text.height + 1, dtype=pl.Int64, eager=True).alias("line")
    return TextTable(table, stored_as, pl.DataFrame(text), lines, tuple(header))


def _meant(text: pl.Series, stored: pl.Series, column: ColumnMetadata, rules: Rules) -> pl.Series:
    """The cells as the contract knows them."""
    known = list(rules.meanings())
    if words := translation(column, rules):
        text = text.replace(list(words), list(words.values()))
    missing = (
        text.is_in(list(column.missing_codes)) if column.missing_codes else pl.repeat(False, text.len(), eager=True)
    )
    for low, high in column.missing_ranges:
        missing |= stored.is_between(low, high)
    return text.set(missing.fill_null(False) & ~text.is_in(known).fill_null(False), None)
