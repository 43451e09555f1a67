"""A column of words or codes: no and yes, one of some names, or text that no table gets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from flows.new.codes import MISSING, meaning_of_word, meanings_of_words
from flows.new.column import Column, Judgement, LeftOut, Wish, said_special
from flows.new.titles import Words
from schemas.reading.described import ColumnMetadata

# people that a word must have to be written into a contract, which is no secret: it might be somebody's own
FEW = 10
MOST_NAMES = 40  # different words that are still names of something
OWN = 0.9  # share of the people with a word of their own from which on a column is an identifier, or free text
HALF = 0.5
PEOPLE_A_NAME = 5  # on average, for words to be names and no free text
MOST_LOOKED_AT = 1000  # different cells, the most frequent ones
LOST = 0.02  # share of the cells whose words may stay unwritten
_YES = frozenset(["yes", "y", "true", "t", "ja", "j", "oui", "si", "sí", "checked", "positive", "pos", "present", "1"])
_NO = frozenset(["no", "n", "false", "f", "nein", "non", "unchecked", "negative", "neg", "absent", "0"])
_LADDERS = (
    "never rarely seldom sometimes often usually always",
    "none no minimal slight mild moderate severe extreme",
    "very_low low medium middle normal high very_high",
    "very_poor poor fair good very_good excellent",
    "small medium large",
    "i ii iii iv v",
)
# words that are nobody's own, however few people have them, and limits of a measurement, such as `<1000`
_LIMIT = re.compile(r"[<>≤≥]=? ?\d+([.,]\d+)?")
_COMMON = _YES | _NO | frozenset(" ".join(_LADDERS).split())


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
    wish: Wish,
) -> Column | LeftOut:
    """A column whose cells are words, or codes with words for them."""
    wanted = wish.wanted
    if wanted == "number":
        raise ColumnError(f"{words.name} holds words, so it is no regression outcome")
    counts = Counter(cells.to_list())
    pair = {(labels.get(each) or each).casefold() for each in counts}
    if wanted == "binary" or (wanted is None and len(pair) == 2 and _as_pair(pair)):
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
    people = _by_spelling(counts)
    n, distinct = sum(people.values()), len(people)
    many, rare = distinct > MOST_NAMES, sum(count for word, count in people.items() if not is_written(word, count))
    if many and rare > HALF * n:
        return LeftOut(name, "text of too many different words: an identifier, or free text", may_stay=False)
    if wish.keep or (labels and distinct <= OWN * n):
        return None
    if distinct > OWN * n:
        return LeftOut(name, "nearly everybody has another text: an identifier, or free text")
    if many or n < PEOPLE_A_NAME * distinct:
        return LeftOut(name, "text of many different words")
    if rare > LOST * n:
        return LeftOut(name, f"words of fewer than {FEW} people each")
    return None


def _by_spelling(counts: Mapping[str, int]) -> Counter[str]:
    """People by word, whatever its case."""
    found: Counter[str] = Counter()
    for word, count in counts.items():
        found[word.casefold()] += count
    return found


def is_written(word: str, count: int) -> bool:
    """Whether a word that ``count`` people have may stand in the contract."""
    return count >= FEW or re.sub(r"\W+", "_", word.casefold()) in _COMMON or _LIMIT.fullmatch(word) is not None


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
        n = f"{len(different)} different answers" if len(different) > 1 else "one answer alone"
        raise ColumnError(f"{words.name} has {n}, and a binary outcome needs two: write the no down too")
    codes = {answer: labels.get(answer, answer).casefold() for answer in different}
    counts = Counter(answers[each] for each in cells.to_list())
    shown = [
        _shown(answer, labels.get(answer, answer)) if counts[answer] >= FEW else "one of few people"
        for answer in different
    ]
    meant, guessed = _which_is_yes(words.name, codes, yes, shown)
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


def _shown(answer: str, label: str) -> str:
    return answer if answer == label else f"{answer} ({label})"


def _which_is_yes(name: str, codes: Mapping[str, str], yes: str, shown: Sequence[str]) -> tuple[dict[str, int], str]:
    """1 for the answer that means yes and 0 for the other, and what had to be guessed.

    Args:
        name: of the column.
        codes: each of its two answers with its words, or with itself.
        yes: what a person says of it.
        shown: the answers as a sentence may hold them.
    """
    if yes:
        chosen = [each for each in codes if yes.casefold() in (each, codes[each])]
        if not chosen:
            raise ColumnError(f"{name} has no answer {yes!r} to stand for yes; it has {' and '.join(shown)}")
        return {each: int(each == chosen[0]) for each in codes}, ""
    if pair := _as_pair(codes.values()):
        return {each: pair[codes[each]] for each in codes}, ""
    if codes == {"1": "1", "2": "2"}:
        return {"1": 1, "2": 0}, "1 means yes, 2 means no (if not: `--target NAME=COLUMN:binary=2`)"
    if "0" in codes:
        return {each: int(each != "0") for each in codes}, ""
    raise ColumnError(
        f"{name}: which of its two answers, {' and '.join(shown)}, means yes? Say it behind the kind, such as "
        f"--target NAME={name}:binary=2 where 2 means yes"
    )


def category_column(
    cells: pl.Series, words: Words, special: Mapping[str, str], labels: Mapping[str, str], *, all_words: bool = False
) -> Column:
    """One of some names; words that few people have stay unwritten, unless ``all_words`` are wanted."""
    counts = Counter(re.sub(r"^(\d+)\.0+$", r"\1", each) for each in cells.to_list())
    people = _by_spelling(counts)
    kept = [each for each in counts if all_words or each in labels or is_written(each, people[each.casefold()])]
    if not kept:
        raise ColumnError(f"{words.name} has no answer of at least {FEW} people")
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
