"""Answers that are no value, guessed: words such as `refused`, and codes such as 99 far outside the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np

from schemas.fields import DONT_KNOW, REFUSED

MISSING = "missing_code"
NOT_ASKED = "not_applicable"
# words as statistics programs and people write them, whatever their case
_WORDS = {
    MISSING: r"[#<]?n/?a>?|nan|null|missing|unk|unknown|not (?:known|available|recorded)|\.[a-z]?|-+|\?+",
    REFUSED: r"refused?|refusal|declined|prefer not to (?:say|answer)|no answer|not stated",
    DONT_KNOW: r"do ?n[o'’]?t know|d\.?k\.?|not sure|unsure|cannot say|not ascertained",
    NOT_ASKED: r"not applicable|inapplicable|not asked|skipped",
}
_PATTERNS = {rule: re.compile(pattern, re.IGNORECASE) for rule, pattern in _WORDS.items()}
_DIGITS = {7: REFUSED, 8: MISSING, 9: DONT_KNOW}
_HIGH = {int(str(digit) * length): rule for digit, rule in _DIGITS.items() for length in range(1, 7)}
_LOW = {-int(str(digit) * length): MISSING for digit in range(1, 10) for length in range(1, 5)}
_FEW = 6  # answers beside which a single 7 or 9 is a code


def meaning_of_word(word: str) -> str | None:
    """The rule under which a word stands for no value; None for a word that may be one."""
    bare = " ".join(word.replace("_", " ").split())
    return next((rule for rule, pattern in _PATTERNS.items() if pattern.fullmatch(bare)), None)


def meanings_of_words(words: Iterable[str]) -> dict[str, str]:
    """Those of the words that stand for no value, each with its rule."""
    return {word: rule for word in words if (rule := meaning_of_word(word))}


def special_numbers(values: np.ndarray) -> dict[int, str]:
    """Numbers that are most likely codes for no value: 7, 9, 77, 99, ... above a gap, -1, -9, ... below all the rest.

    Args:
        values: the different numbers of a column, sorted.
    """
    below = {int(value): _LOW[int(value)] for value in values if value < 0 and value in _LOW}
    if len(below) < int((values < 0).sum()) or len(below) == len(values):
        below = {}  # other negative numbers are real, so these may be
    rest = values[len(below) :]
    return {**below, **_above(rest)}


def _above(values: np.ndarray) -> dict[int, str]:
    """The codes above the largest gap that has nothing but codes of one length above it."""
    for place, (last, first) in enumerate(pairwise(values), start=1):
        above = values[place:]
        if not all(value in _HIGH for value in above) or len({len(str(int(value))) for value in above}) > 1:
            continue
        single = first < 10
        if single and (place > _FEW or not np.equal(np.mod(values, 1), 0).all()):
            continue
        if first - last >= max(3.0, 0.0 if single else 0.5 * (last - values[0])):
            return {int(value): _HIGH[int(value)] for value in above}
    return {}


def words_for(special: Mapping[str | int, str]) -> str:
    """Codes and what they are taken for, for a reader."""
    return ", ".join(f"{code} {meaning}" for code, meaning in special.items())
