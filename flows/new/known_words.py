"""Words that stand in a contract, which is no secret: of enough people, or nobody's own."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from mtl_models.metrics.settings import MIN_COUNT

YES = frozenset(["yes", "y", "true", "t", "ja", "j", "oui", "si", "sí", "checked", "positive", "pos", "present", "1"])
NO = frozenset(["no", "n", "false", "f", "nein", "non", "unchecked", "negative", "neg", "absent", "0"])
LADDERS = (
    "never rarely seldom sometimes often usually always",
    "none no minimal slight mild moderate severe extreme",
    "very_low low medium middle normal high very_high",
    "very_poor poor fair good very_good excellent",
    "small medium large",
    "i ii iii iv v",
)
# words that are nobody's own, however few people have them, and limits of a measurement, such as `<1000`
_LIMIT = re.compile(r"[<>≤≥]=? ?\d+([.,]\d+)?")
_COMMON = YES | NO | frozenset(" ".join(LADDERS).split())


def by_spelling(counts: Mapping[str, int]) -> Counter[str]:
    """People by word, whatever its case."""
    found: Counter[str] = Counter()
    for word, count in counts.items():
        found[word.casefold()] += count
    return found


def is_written(word: str, count: int) -> bool:
    """Whether a word that ``count`` people have may stand in the contract."""
    return count >= MIN_COUNT or re.sub(r"\W+", "_", word.casefold()) in _COMMON or _LIMIT.fullmatch(word) is not None
