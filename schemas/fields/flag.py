"""The kind ``flag``: one of several answers that may be ticked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.fields.cells import labelled
from schemas.fields.looks import code_looks
from schemas.fields.plain import Plain, plain_labels
from schemas.fields.rules import Rules


@dataclass(frozen=True, kw_only=True)
class Flag(Rules):
    """One of several answers that may be ticked.

    Attributes:
        code: what stands there where it is ticked.
    """

    code: str

    kind = "flag"
    words = "tick"
    dtype = pl.Int8
    faults = ("undeclared_code",)
    empty_is_answer = True

    def checks(self) -> dict[str, Any]:
        """1 or empty."""
        return {"isin": [1]}

    def plain(self, text: pl.Series) -> Plain | None:
        """1 where ticked."""
        return plain_labels(text, {self.code: 1}, self.special, pl.Int8)

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """1 where ticked."""
        return labelled(cells, self.raw_labels(), self.special, pl.String).with_columns(pl.col("value").cast(pl.Int8))

    def values(self) -> str:
        """The code."""
        return f"{self.code} → 1, else empty"

    def raw_labels(self) -> Mapping[str, str]:
        """The code."""
        return {self.code: "1"}

    def meanings(self) -> dict[str, str]:
        """The code and special answers."""
        return {self.code: "Ticked", **super().meanings()}

    def looks(self) -> Iterator[tuple[str, pl.Expr]]:
        """Labels that are not declared, besides."""
        yield from super().looks()
        yield from code_looks()


def flag(title: str, code: str, **options: Any) -> Any:
    """One of several answers that may be ticked: ``code`` where ticked, else empty. Dtype Int8, 1 or null."""
    return Flag.declare(title=title, code=code, **options)
