"""A column of two answers, a no and a yes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from flows.new.column import Column, ColumnError, Judgement, said_special
from flows.new.known_words import NO, YES
from flows.new.titles import Words
from mtl_models.metrics.settings import MIN_COUNT


def as_pair(words: Iterable[str]) -> dict[str, int] | None:
    """0 or 1 for each of two words that are a no and a yes."""
    found = {word: 1 if word in YES else 0 for word in words if word in YES or word in NO}
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
        _shown(answer, labels.get(answer, answer)) if counts[answer] >= MIN_COUNT else "one of few people"
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
    if pair := as_pair(codes.values()):
        return {each: pair[codes[each]] for each in codes}, ""
    if codes == {"1": "1", "2": "2"}:
        return {"1": 1, "2": 0}, "1 means yes, 2 means no (if not: `--target NAME=COLUMN:binary=2`)"
    if "0" in codes:
        return {each: int(each != "0") for each in codes}, ""
    raise ColumnError(
        f"{name}: which of its two answers, {' and '.join(shown)}, means yes? Say it behind the kind, such as "
        f"--target NAME={name}:binary=2 where 2 means yes"
    )
