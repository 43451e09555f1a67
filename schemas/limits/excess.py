"""One limit that a validation passed, and its sentence: where, how many, what the cells look like; never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from schemas.fields.looks import DISTINCT, UNIT, WORDS

Key = Literal["max_reject_share", "max_nulled_share", "max_empty_share"]
_LISTED = 8


@dataclass(frozen=True, kw_only=True)
class Excess:
    """One limit that was passed.

    Attributes:
        table, column: where; no column where rows of the table are meant.
        key: the limit, a field of ``schemas.limits.judgement.Limits``.
        n, of: so many of so many.
        limit: what it allows.
        before: the share of the training data, None where there is none to compare with.
        rules: the rules that were broken most, with their counts.
        looks: what the cells look like, as ``schemas.splitting.looks`` counts it.
        unit: the unit that the contract declares.
    """

    table: str
    column: str
    key: Key
    n: int
    of: int
    limit: float
    before: float | None = None
    rules: Mapping[str, int] = field(default_factory=dict)
    looks: Mapping[str, int] = field(default_factory=dict)
    unit: str = ""

    @property
    def where(self) -> str:
        """Table and column."""
        return f"{self.table}.{self.column}" if self.column else self.table

    def sentence(self, hide_below: int = 0) -> str:
        """What was lost, how much of it, and why it looks so; counts of people below ``hide_below`` are not said."""
        n = _count(self.n, hide_below)
        shares = [] if n.startswith("fewer") else [_percent(self.n / self.of)]
        if self.before is not None:
            shares.append(f"{_percent(self.before)} in training")
        return f"{self.where}: {self._lost(n)} ({', '.join([*shares, self._limit()])}){self._why(hide_below)}"

    def _lost(self, n: str) -> str:
        if self.key == "max_reject_share":
            return f"{n} of {self.of:,} rows are rejected"
        if self.key == "max_nulled_share":
            return f"{n} of {self.of:,} values were emptied for a broken rule"
        return f"{n} of {self.of:,} cells are empty" if self.column else f"{n} of {self.of:,} people have no row"

    def _limit(self) -> str:
        if self.key == "max_empty_share":
            return f"validation.{self.key} lets {_percent(self.limit)} of the expected values be missing"
        more = "" if self.before is None else " more"
        return f"validation.{self.key} allows {_percent(self.limit)}{more}"

    def _why(self, hide_below: int) -> str:
        parts = [", ".join(f"{rule} ({_count(count, hide_below)})" for rule, count in self.rules.items())]
        parts += [
            _look(self, words, count, hide_below) for words, count in _look_words(self.looks, at_least=self.n / 10)
        ]
        said = ", ".join(part for part in parts if part)
        return f": {said}" if said else ""


def _look_words(looks: Mapping[str, int], *, at_least: float) -> Iterator[tuple[str, int]]:
    """The looks of a column in words with their counts; those of fewer cells than ``at_least`` are left out."""
    for look, count in looks.items():
        if look == DISTINCT or count < at_least:
            continue
        yield (f"numbers in {look.removeprefix(UNIT)}" if look.startswith(UNIT) else WORDS[look]), count


def _look(excess: Excess, words: str, count: int, hide_below: int) -> str:
    said = f"it looks like {words} ({_count(count, hide_below)})"
    if f"{UNIT}{words.removeprefix('numbers in ')}" in excess.looks:
        return f"{said} where {excess.unit} is declared"
    if "undeclared_label" in excess.looks and words.startswith("labels"):
        distinct = excess.looks[DISTINCT]
        return f"{said}, {'all the same label' if distinct == 1 else f'{distinct} different labels'}"
    return said


def sentences(excesses: Sequence[Excess], hide_below: int = 0) -> Iterator[str]:
    """The sentences of the first few, and how many more there are."""
    for excess in excesses[:_LISTED]:
        yield excess.sentence(hide_below)
    if (more := len(excesses) - _LISTED) > 0:
        yield f"and {more} more"


def _count(n: int, hide_below: int) -> str:
    return f"fewer than {hide_below}" if 0 < n < hide_below else f"{n:,}"


def _percent(share: float) -> str:
    return f"{share:.1%}"
