"""A column of words or codes: one of some names, or text that no table gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from flows.new.codes import MISSING, meaning_of_word, meanings_of_words
from flows.new.column import Column, ColumnError, Judgement, LeftOut, Wish, said_special
from flows.new.known_words import LADDERS, by_spelling, is_written
from flows.new.looks import has_more_than_numbers
from flows.new.titles import Words
from flows.new.yes_no import as_pair, binary_column
from mtl_models.metrics.settings import MIN_COUNT
from schemas.reading.described import ColumnMetadata

MOST_NAMES = 40  # different words that are still names of something
OWN = 0.9  # share of the people with a word of their own from which on a column is an identifier, or free text
HALF = 0.5
PEOPLE_A_NAME = 5  # on average, for words to be names and no free text
MOST_LOOKED_AT = 1000  # different cells, the most frequent ones
MORE_THAN_NUMBERS = "numbers with a unit, a sign or a second number beside them: write plain numbers, one in a column"
LOST = 0.02  # share of the cells whose words may stay unwritten


def without_answers(cells: pl.Series, described: ColumnMetadata) -> tuple[dict[Any, str], pl.Series]:
    """Codes and words of a column that stand for no value, each with its rule, and the other cells.

    They are words that everybody uses so, and what the file itself declares missing.
    """
    counts = cells.value_counts(sort=True)[cells.name].head(MOST_LOOKED_AT).to_list()
    special = meanings_of_words(counts)
    for code, label in described.value_labels.items():
        if rule := meaning_of_word(label):
            special[code] = rule
    for code in described.missing_codes:
        special.setdefault(code, MISSING)
    for code in counts:
        if any(low <= _number(code) <= high for low, high in described.missing_ranges):
            special.setdefault(code, MISSING)
    return special, cells.filter(~cells.is_in(list(special)))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def guess_words(
    cells: pl.Series,
    n_rows: int,
    words: Words,
    special: Mapping[str, str],
    labels: Mapping[str, str],
    wish: Wish,
) -> Column | LeftOut:
    """A column whose cells are words, or codes with words for them."""
    wanted = wish.wanted
    if wanted == "number":
        raise ColumnError(f"{words.name} holds words, so it is no regression outcome")
    counts = Counter(cells.to_list())
    pair = {(labels.get(each) or each).casefold() for each in counts}
    if wanted == "binary" or (wanted is None and len(pair) == 2 and as_pair(pair)):
        return binary_column(cells, words, special, wish.yes, labels)
    if not wanted and (left := _unfit(words.name, counts, labels, wish)):
        return left
    if wanted is None and len(counts) == 1 and cells.len() < n_rows and not special:
        return Column(name=words.name, kind="flag", title=words.title, arguments={"code": next(iter(counts))})
    column = category_column(cells, words, special, labels, all_words=wish.keep)
    if len(counts) == 1:
        constant = Judgement("constant", words.name)
        return replace(column, feature=False, judgements=(*column.judgements, constant))
    return column


def _unfit(name: str, counts: Mapping[str, int], labels: Mapping[str, str], wish: Wish) -> LeftOut | None:
    """Why words are no names of categories; None if they are, or if a person says so and it can be."""
    people = by_spelling(counts)
    n, distinct = sum(people.values()), len(people)
    many, rare = distinct > MOST_NAMES, sum(count for word, count in people.items() if not is_written(word, count))
    if many and rare > HALF * n:
        numbers = has_more_than_numbers(pl.Series(list(counts)))
        why = MORE_THAN_NUMBERS if numbers else "text of too many different words: an identifier, or free text"
        return LeftOut(name, why, may_stay=False)
    if wish.keep or (labels and distinct <= OWN * n):
        return None
    if distinct > OWN * n:
        return LeftOut(name, "nearly everybody has another text: an identifier, or free text")
    if many or n < PEOPLE_A_NAME * distinct:
        return LeftOut(name, "text of many different words")
    if rare > LOST * n:
        return LeftOut(name, f"words of fewer than {MIN_COUNT} people each")
    return None


def category_column(
    cells: pl.Series, words: Words, special: Mapping[str, str], labels: Mapping[str, str], *, all_words: bool = False
) -> Column:
    """One of some names; words that few people have stay unwritten, unless ``all_words`` are wanted."""
    counts = Counter(re.sub(r"^(\d+)\.0+$", r"\1", each) for each in cells.to_list())
    people = by_spelling(counts)
    kept = [each for each in counts if all_words or each in labels or is_written(each, people[each.casefold()])]
    if not kept:
        raise ColumnError(f"{words.name} has no answer of at least {MIN_COUNT} people")
    by_name: dict[str, list[str]] = {}
    for each in sorted(kept, key=lambda each: -counts[each]):
        by_name.setdefault(labels.get(each, each).casefold(), []).append(each)
    # a file that has words for codes has them in its own order
    declared = {code: label for code, label in labels.items() if code not in special}
    mapping = dict(declared)
    for name in _in_order(by_name):
        mapping |= {raw: _name(by_name[name][0], labels) for raw in by_name[name]}
    comments, judgements = said_special(words.name, special)
    if lost := len(counts) - len(kept):
        comments = (*comments, f"{lost} further words, each of fewer than {MIN_COUNT} people, are not written here")
        judgements = (*judgements, Judgement("rare", words.name, f"{lost} word{'s' if lost > 1 else ''}"))
    plain = all(raw == name for raw, name in mapping.items())
    arguments: dict[str, Any] = {"labels": list(mapping) if plain else mapping}
    arguments |= {"special": {str(code): rule for code, rule in special.items()}} if special else {}
    return Column(
        name=words.name,
        kind="category",
        title=words.title,
        arguments={**arguments, **words.privacy},
        comments=comments,
        judgements=judgements,
    )


def _name(raw: str, labels: Mapping[str, str]) -> str:
    name = labels.get(raw, raw)
    return f"minus {name[1:]}" if re.fullmatch(r"-\d.*", name) else name


def _in_order(names: Iterable[str]) -> list[str]:
    """Names by their numbers, by a ladder that has them all, else by the alphabet."""
    names = list(names)
    if all(re.fullmatch(r"-?\d+(\.\d+)?", name) for name in names):
        return sorted(names, key=float)
    slugs = {name: re.sub(r"\W+", "_", name) for name in names}
    for ladder in (ladder.split() for ladder in LADDERS):
        if set(slugs.values()) <= set(ladder):
            return sorted(names, key=lambda name: ladder.index(slugs[name]))
    return sorted(names)
