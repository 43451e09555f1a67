"""A column's kind, codes and range, guessed from its cells."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import polars as pl

from flows.new.column import Column, Judgement, LeftOut
from flows.new.numbers import guess_number, numbers_of
from flows.new.source import DATE
from flows.new.titles import title_and_unit
from flows.new.words import FEW, LOST, ColumnError, guess_words, without_answers
from schemas.reading.described import ColumnMetadata

Wanted = Literal["number", "category", "binary"]
MOST_WORDS = 5  # different words beside numbers, such as `<1000`
HALF = 0.5
FIRST = 200  # cells that are looked at for a form that all have
_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}.*)?|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}( \d{1,2}:\d{2}.*)?")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d(:00)?")
_COMMA = re.compile(r"-?\d+,\d+")


def guess_column(
    cells: pl.Series, described: ColumnMetadata | None = None, wanted: Wanted | None = None, yes: str = ""
) -> Column | LeftOut:
    """What a column is.

    Args:
        cells: as text, null where empty.
        described: what the file says of the column.
        wanted: what it must be, for an outcome; guessed if left out.
        yes: the code or word that means yes, for an outcome of two.

    Raises:
        ColumnError: if it cannot be what is wanted.
    """
    described = described or ColumnMetadata(name=cells.name, type="text")
    name, words = cells.name, title_and_unit(cells.name, described.label, described.unit)
    known = cells.drop_nulls()
    if known.is_empty():
        return LeftOut(name, "empty in every row")
    first = known.head(FIRST).to_list()
    if all(_DAY.fullmatch(each) for each in first):
        return LeftOut(name, DATE)
    if all(_COMMA.fullmatch(each) for each in first):
        raise ColumnError(f"{name} has decimal commas: write the numbers with a point")
    if all(_CLOCK.fullmatch(each) for each in first):
        return Column(name=name, kind="time_of_day", title=words.title)
    special, rest = without_answers(known, described)
    labels = {code: label for code, label in described.value_labels.items() if code not in special}
    numbers = numbers_of(rest)
    named = set(rest.unique().to_list()) <= set(labels) and bool(labels)
    if _are_numbers(rest, numbers) and (not named or wanted == "number"):
        found = guess_number(rest, numbers, cells.len(), words, special, wanted, yes)
    else:
        found = guess_words(rest, cells.len(), words, special, labels, wanted, yes)
    if isinstance(found, Column) and known.len() < HALF * cells.len() and found.kind != "flag":
        return replace(found, judgements=(*found.judgements, Judgement("empty", name)))
    return found


def _are_numbers(cells: pl.Series, numbers: pl.Series) -> bool:
    """Whether cells are numbers, but for few words that many have and a rest that may be lost."""
    words = cells.filter(numbers.is_null()).value_counts()
    written = words.filter(pl.col("count") >= FEW)
    lost = cells.len() * LOST >= words.filter(pl.col("count") < FEW)["count"].sum()
    return numbers.null_count() < HALF * cells.len() and lost and written.height <= MOST_WORDS
