"""A column's kind, codes and range, guessed from its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from flows.new.column import ANY, Column, ColumnError, Judgement, LeftOut, Wish, said_special
from flows.new.known_words import is_written
from flows.new.looks import has_decimal_commas, is_clock, is_date
from flows.new.numbers import guess_number, numbers_of
from flows.new.source import DATE
from flows.new.titles import Words, title_and_unit
from flows.new.words import HALF, LOST, MOST_NAMES, guess_words, without_answers
from mtl_models.metrics.settings import MIN_COUNT
from schemas.reading.described import ColumnMetadata

MOST_WORDS = 5  # different words beside numbers, such as `<1000`


def guess_column(cells: pl.Series, described: ColumnMetadata | None = None, wish: Wish = ANY) -> Column | LeftOut:
    """What a column is.

    Args:
        cells: as text, null where empty.
        described: what the file says of the column.
        wish: what a person asked of it.

    Raises:
        ColumnError: if it cannot be what is wanted, or holds numbers that cannot be read.
    """
    found = _guess(cells, described or ColumnMetadata(name=cells.name, type="text"), wish)
    if isinstance(found, LeftOut):
        return found
    judgements = found.judgements
    if cells.null_count() > HALF * cells.len() and found.kind != "flag":
        judgements = (*judgements, Judgement("empty", cells.name))
    if wish.keep:
        judgements = tuple(each for each in judgements if each.theme != "constant")
    return replace(found, feature=found.feature or wish.keep, judgements=judgements)


def _guess(cells: pl.Series, described: ColumnMetadata, wish: Wish) -> Column | LeftOut:
    name, words = cells.name, title_and_unit(cells.name, described.label, described.unit)
    special, rest = without_answers(cells.drop_nulls(), described)
    if rest.is_empty():
        return LeftOut(name, "empty in every row, so there is nothing to guess from", may_stay=False)
    if is_date(rest):
        return LeftOut(name, DATE, may_stay=False)
    if has_decimal_commas(rest):
        raise ColumnError(f"{name} has commas in its numbers: write a point before decimals, nothing between thousands")
    if is_clock(rest):
        return _clock(words, special, wish)
    labels = {code: label for code, label in described.value_labels.items() if code not in special}
    numbers = numbers_of(rest)
    named = set(rest.unique().to_list()) <= set(labels) and bool(labels)
    if (named and wish.wanted != "number") or numbers.null_count() >= HALF * rest.len():
        return guess_words(rest, cells.len(), words, special, labels, wish)
    if why := _mixed(rest, numbers, wish):
        return why
    return guess_number(rest, numbers, cells.len(), words, special, wish)


def _clock(words: Words, special: Mapping[str, str], wish: Wish) -> Column:
    if wish.wanted not in (None, "number"):
        raise ColumnError(f"{words.name} holds times of day: they can be a regression outcome, nothing else")
    comments, judgements = said_special(words.name, special)
    arguments = {"special": dict(special)} if special else {}
    return Column(
        name=words.name,
        kind="time_of_day",
        title=words.title,
        arguments=arguments,
        comments=comments,
        judgements=judgements,
    )


def _mixed(cells: pl.Series, numbers: pl.Series, wish: Wish) -> LeftOut | None:
    """Why cells that are numbers for the greater part cannot be a column of numbers; None if they can."""
    words = dict(cells.filter(numbers.is_null()).value_counts().iter_rows())
    rare = [count for word, count in words.items() if not is_written(word, count)]
    if sum(rare) <= LOST * cells.len() and len(words) - len(rare) <= MOST_WORDS:
        return None
    if len(words) > MOST_NAMES:
        return LeftOut(
            cells.name, "numbers beside many different words: write numbers and words into two columns", may_stay=False
        )
    if wish.keep:
        return None
    return LeftOut(
        cells.name, f"numbers beside {len(words)} different words, {len(rare)} of them of fewer than {MIN_COUNT} people"
    )
