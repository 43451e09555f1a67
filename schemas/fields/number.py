"""The kind ``number``: a measured quantity, or an amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.fields.figures import Amount


@dataclass(frozen=True, kw_only=True)
class Number(Amount):
    """A measured quantity, or an amount.

    Attributes:
        decimals: decimals that the source gives. A number within 1e-6 of them is that number: binary noise.
    """

    decimals: int | None = None

    kind = "number"
    words = "number"
    dtype = pl.Float64
    faults = ("not_a_number", "out_of_range")

    @property
    def places(self) -> int | None:
        """As declared."""
        return self.decimals


def number(title: str, *, unit: str, low: float, high: float, **options: Any) -> Any:
    """A measured quantity, or an amount. Dtype Float64; ``options`` are those of ``Number``."""
    return Number.declare(title=title, unit=unit, low=low, high=high, **options)
