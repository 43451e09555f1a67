"""The kind ``binary``: no or yes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.fields.figures import Figures
from schemas.fields.plain import Mask

_WORDS = {0: "No", 1: "Yes"}


@dataclass(frozen=True, kw_only=True)
class Binary(Figures):
    """No or yes, 0 or 1.

    Attributes:
        labels: raw text beside 0 and 1 to one of them.
    """

    labels: Mapping[str, str] = field(default_factory=dict)

    kind = "binary"
    words = "0 or 1"
    dtype = pl.Int8
    faults = ("not_a_number", "undeclared_code")

    @property
    def places(self) -> int:
        """None."""
        return 0

    @property
    def coded(self) -> Mapping[int, str]:
        """No and yes."""
        return _WORDS

    def raw_labels(self) -> Mapping[str, str]:
        """The labels."""
        return self.labels

    def good(self, numbers: npt.NDArray[np.float64]) -> Mask:
        """0 and 1."""
        zero_or_one: Mask = (numbers == 0) | (numbers == 1)
        return zero_or_one

    def unfit(self) -> dict[str, pl.Expr]:
        """Any other number."""
        return {"undeclared_code": ~pl.col("number").is_in([0.0, 1.0])}

    def checks(self) -> dict[str, Any]:
        """0 or 1."""
        return {"isin": list(_WORDS)}

    def values(self) -> str:
        """0, 1 and the labels."""
        labels = [f"{label} → {code}" for label, code in self.labels.items()]
        return "; ".join([*(f"{code} {words}" for code, words in _WORDS.items()), *labels])


def binary(title: str, *, yes: Iterable[str] = (), no: Iterable[str] = (), **options: Any) -> Any:
    """No or yes, 0 or 1. Dtype Int8. ``yes`` and ``no`` are raw texts that stand for 1 and 0 beside these codes."""
    return Binary.declare(title=title, labels={**dict.fromkeys(no, "0"), **dict.fromkeys(yes, "1")}, **options)
