"""The kind ``person_key``: who a row is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.fields.rules import Action, Privacy, Rules


@dataclass(frozen=True, kw_only=True)
class PersonKey(Rules):
    """Key of a person, kept as text; one row a person.

    Attributes:
        pattern: what a key looks like.
    """

    pattern: str = r"^[0-9]+$"
    privacy: Privacy = "identifier"
    on_failure: Action = "reject"
    nullable: bool = False

    kind = "person_key"
    words = "key"
    dtype = pl.String
    recoded = ("decimal_key",)
    is_key = True

    def checks(self) -> dict[str, Any]:
        """As the pattern says, once each."""
        return {"str_matches": self.pattern, "unique": True}

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The text itself; ``1.0`` is read as ``1`` where the pattern wants that."""
        fits = pl.col("key").str.contains(self.pattern)
        return cells.with_columns(key=as_declared("text", self.pattern)).select(
            value=pl.when(fits).then(pl.col("key")),
            rule=pl.when(~fits)
            .then(pl.lit("malformed_key"))
            .when(pl.col("key") != pl.col("text"))
            .then(pl.lit("decimal_key")),
        )

    def values(self) -> str:
        """The pattern."""
        return f"`{self.pattern}`"


def person_key(title: str, *, pattern: str = r"^[0-9]+$", name: str = "") -> Any:
    """Key of a person, kept as text; one row a person. Dtype String."""
    return PersonKey.declare(title=title, pattern=pattern, name=name)


def as_declared(key: str, pattern: str) -> pl.Expr:
    """The key in ``key``, read as ``1`` where a tool stored it as a number and wrote ``1.0``; else as it stands."""
    text = pl.col(key)
    whole = text.str.replace(r"^([0-9]+)\.0+$", "$1")
    return pl.when(~text.str.contains(pattern) & whole.str.contains(pattern)).then(whole).otherwise(text)
