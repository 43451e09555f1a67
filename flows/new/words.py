"""A column of words or codes: no and yes, one of some names, or text that no table gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

import polars as pl

from flows.new.codes import MISSING, meaning_of_word, meanings_of_words
from flows.new.column import Column, Judgement, LeftOut, said_special
from flows.new.titles import Words
from schemas.reading.described import ColumnMetadata

FEW = 3  # people that a word must have to be written into a contract: it might be somebody's own
MOST_NAMES = 40
PEOPLE_A_NAME = 5  # on average, for words to be names and no free text
MOST_LOOKED_AT = 1000  # different cells, the most frequent ones
LOST = 0.02  # share of the cells whose words may stay unwritten
_YES = ("yes", "y", "true", "t", "ja", "j", "oui", "si", "sí", "checked", "positive", "pos", "present", "1")
_NO = ("no", "n", "false", "f", "nein", "n", "non", "no", "no", "unchecked", "negative", "neg", "absent", "0")
_LADDERS = (
    "never rarely seldom sometimes often usually always",
    "none no minimal slight mild moderate severe extreme",
    "very_low low medium middle normal high very_high",
    "very_poor poor fair good very_good excellent",
    "small medium large",
    "i ii iii iv v",
)


class ColumnError(ValueError):
    """A column that cannot be what was asked for."""


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
    wanted: Literal["number", "category", "binary"] | None,
    yes: str = "",
) -> Column | LeftOut:
    """A column whose cells are words, or codes with words for them."""
    if cells.is_empty():
        return LeftOut(words.name, "no value in any row")
    if wanted == "number":
        raise ColumnError(f"{words.name} holds words, so it is no regression outcome")
    counts = Counter(cells.to_list())
    pair = {(labels.get(each) or each).casefold() for each in counts}
    if wanted == "binary" or (wanted is None and len(pair) == 2 and _as_pair(pair)):
        return binary_column(cells, words, special, yes, labels)
    if not wanted and not labels and (why := _free_text(counts)):
        return LeftOut(words.name, why)
    column = category_column(cells, words, special, labels)
    if wanted is None and len(counts) == 1:
        if cells.len() < n_rows and not special:
            return Column(name=words.name, kind="flag", title=words.title, arguments={"code": next(iter(counts))})
        return replace(column, feature=False, judgements=(*column.judgements, Judgement("constant", words.name)))
    return column


def _free_text(counts: Mapping[str, int]) -> str:
    """Why words are no names of categories; empty if they are."""
    n, distinct = sum(counts.values()), len({word.casefold() for word in counts})
    if distinct > 0.9 * n:
        return "nearly everybody has another text: an identifier, or free text"
    rare = sum(count for count in counts.values() if count < FEW)
    if distinct > MOST_NAMES or n < PEOPLE_A_NAME * distinct or rare > LOST * n:
        return "text of too many different words"
    return ""


def _as_pair(words: Iterable[str]) -> dict[str, int] | None:
    """0 or 1 for each of two words that are a no and a yes."""
    found = {word: 1 if word in _YES else 0 for word in words if word in _YES or word in _NO}
    return found if len(found) == 2 and len(set(found.values())) == 2 else None


def binary_column(
    cells: pl.Series, words: Words, special: Mapping[Any, str], yes: str, labels: Mapping[str, str]
) -> Column:
    """No and yes, however written.

    Raises:
        ColumnError: if there are not two answers, or it cannot be told which one is yes.
    """
    raw = sorted(cells.unique().to_list())
    answers = {each: re.sub(r"^(-?\d+)\.0+$", r"\1", each).casefold() for each in raw}
    different = sorted(set(answers.values()))
    if len(different) != 2:
        raise ColumnError(f"{words.name} has {len(different)} different answers, and a binary outcome needs two")
    codes = {answer: labels.get(answer, answer).casefold() for answer in different}
    meant, guessed = _which_is_yes(words.name, codes, yes)
    arguments: dict[str, Any] = {}
    for key, value in (("yes", 1), ("no", 0)):
        texts = [each for each in raw if meant[answers[each]] == value and answers[each] != str(value)]
        arguments |= {key: texts} if texts else {}
    comments, judgements = said_special(words.name, special)
    if guessed:
        comments = (*comments, f"guessed: {guessed}")
        judgements = (*judgements, Judgement("outcome", words.name, guessed))
    return Column(
        name=words.name,
        kind="binary",
        title=words.title,
        arguments={**arguments, **({"special": dict(special)} if special else {}), **words.privacy},
        comments=comments,
        judgements=judgements,
    )


def _which_is_yes(name: str, codes: Mapping[str, str], yes: str) -> tuple[dict[str, int], str]:
    """1 for the answer that means yes and 0 for the other, and what had to be guessed."""
    one, other = codes
    if yes:
        chosen = [each for each in codes if yes.casefold() in (each, codes[each])]
        if not chosen:
            raise ColumnError(f"{name} has no answer {yes!r} to stand for yes; it has {one} and {other}")
        return {each: int(each == chosen[0]) for each in codes}, ""
    if pair := _as_pair(codes.values()):
        return {each: pair[codes[each]] for each in codes}, ""
    if set(codes) == {"1", "2"}:
        return {"1": 1, "2": 0}, "1 means yes, 2 means no (if not: `--target NAME=COLUMN:binary=2`)"
    if "0" in codes:
        return {each: int(each != "0") for each in codes}, ""
    raise ColumnError(
        f"{name}: which of its two answers, {one} and {other}, means yes? Say it behind the kind: :binary={other}"
    )


def category_column(
    cells: pl.Series, words: Words, special: Mapping[str, str], labels: Mapping[str, str], *, all_codes: bool = False
) -> Column:
    """One of some names; words that hardly anybody has stay unwritten unless they are plain codes."""
    counts = Counter(re.sub(r"^(\d+)\.0+$", r"\1", each) for each in cells.to_list())
    kept = [each for each in counts if all_codes or each in labels or counts[each] >= FEW]
    by_name: dict[str, list[str]] = {}
    for each in sorted(kept, key=lambda each: -counts[each]):
        by_name.setdefault(labels.get(each, each).casefold(), []).append(each)
    if len(by_name) > MOST_NAMES and not labels:
        raise ColumnError(f"{words.name} has {len(by_name)} different answers, too many for classes")
    # a file that has words for codes has them in its own order
    declared = {code: label for code, label in labels.items() if code not in special}
    mapping = dict(declared)
    for name in _in_order(by_name):
        mapping |= {raw: _name(by_name[name][0], labels) for raw in by_name[name]}
    comments, judgements = said_special(words.name, special)
    if lost := len(counts) - len(kept):
        comments = (*comments, f"{lost} further words, each of fewer than {FEW} people, are not written here")
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
    for ladder in (ladder.split() for ladder in _LADDERS):
        if set(slugs.values()) <= set(ladder):
            return sorted(names, key=lambda name: ladder.index(slugs[name]))
    return sorted(names)
