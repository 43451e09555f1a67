"""The kind ``integer``: a count, a whole number, or a score whose numbers stand for words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from schemas.fields.figures import Amount

_LARGEST = 2.0**53  # beyond it a float no longer tells whole numbers apart


@dataclass(frozen=True, kw_only=True)
class Integer(Amount):
    """A whole number.

    Attributes:
        codes: what a number stands for, in words; no other number may then occur.
    """

    codes: Mapping[int, str] = field(default_factory=dict)

    kind = "integer"
    words = "whole number"
    dtype = pl.Int64
    faults = ("not_a_number", "not_an_integer", "undeclared_code", "out_of_range")

    @property
    def places(self) -> int:
        """None."""
        return 0

    @property
    def coded(self) -> Mapping[int, str]:
        """The codes."""
        return self.codes

    def unfit(self) -> dict[str, pl.Expr]:
        """Decimals, or more figures than a number can keep."""
        return {"not_an_integer": ~pl.col("fits"), "out_of_range": pl.col("number").abs() > _LARGEST}

    def checks(self) -> dict[str, Any]:
        """One of the codes, or in its range."""
        return {"isin": list(self.codes)} if self.codes else super().checks()

    def values(self) -> str:
        """The codes, or the range."""
        return "; ".join(f"{code} {words}" for code, words in self.codes.items()) or super().values()


def integer(title: str, *, low: int, high: int, unit: str = "", **options: Any) -> Any:
    """A count, a whole number or a score. Dtype Int64; ``options`` are those of ``Integer``."""
    return Integer.declare(title=title, unit=unit, low=low, high=high, **options)


def score(title: str, codes: Mapping[int, str], **options: Any) -> Any:
    """A whole number that stands for the words in ``codes``. Dtype Int64."""
    return Integer.declare(title=title, codes=codes, **options)
