"""The kind ``person_key``: who a row is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from schemas.fields.plain import Plain
from schemas.fields.rules import Action, Privacy, Rules


@dataclass(frozen=True, kw_only=True)
class PersonKey(Rules):
    """Key of a person, kept as text; one row a person.

    Attributes:
        min_digits: of how many digits a key is at least. Zeros in front count, and stay.
        max_digits: of how many at most; left out, keys may grow.
        prefix: what stands before the digits of every key, such as ``P-``.
        pattern: a regular expression instead, where keys are no digits.
    """

    min_digits: int = 1
    max_digits: int | None = None
    prefix: str = ""
    pattern: str = ""
    privacy: Privacy = "identifier"
    on_failure: Action = "reject"
    nullable: bool = False

    kind = "person_key"
    words = "key"
    dtype = pl.String
    recoded = ("decimal_key",)
    is_key = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.pattern and (self.min_digits, self.max_digits, self.prefix) != (1, None, ""):
            raise ValueError(f"{self.title}: a pattern says all of a key: leave out min_digits, max_digits and prefix")
        if self.min_digits < 1 or (self.max_digits is not None and self.max_digits < self.min_digits):
            raise ValueError(f"{self.title}: min_digits is at least 1, and max_digits not less than min_digits")
        if self.prefix != self.prefix.strip():
            raise ValueError(f"{self.title}: prefix has blanks around it, which no key has when it is read")

    @property
    def expression(self) -> str:
        """What a key looks like, as a regular expression."""
        if self.pattern:
            return self.pattern
        if self.max_digits is None:
            times = "+" if self.min_digits == 1 else f"{{{self.min_digits},}}"
        else:
            times = f"{{{self.min_digits},{self.max_digits}}}"
        return f"^{re.escape(self.prefix)}[0-9]{times}$"

    def checks(self) -> dict[str, Any]:
        """Of that look, once each."""
        return {"str_matches": self.expression, "unique": True}

    def plain(self, text: pl.Series) -> Plain | None:
        """The text itself, where all of it is as declared."""
        if text.dtype != pl.String or not text.str.contains(self.expression).all() or text.null_count():
            return None
        return Plain(text, np.zeros(0, np.int64))

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """The text itself; ``1.0`` is read as ``1`` where a key wants that."""
        fits = pl.col("key").str.contains(self.expression)
        return cells.with_columns(key=as_declared("text", self.expression)).select(
            value=pl.when(fits).then(pl.col("key")),
            rule=pl.when(~fits)
            .then(pl.lit("malformed_key"))
            .when(pl.col("key") != pl.col("text"))
            .then(pl.lit("decimal_key")),
        )

    def values(self) -> str:
        """How many digits, and what stands before them; or the pattern."""
        if self.pattern:
            return f"`{self.pattern}`"
        before = f"`{self.prefix}` and " if self.prefix else ""
        if self.max_digits is None:
            return before + ("digits" if self.min_digits == 1 else f"{self.min_digits} digits or more")
        most = "1 digit" if self.max_digits == 1 else f"{self.max_digits} digits"
        return before + (most if self.min_digits == self.max_digits else f"{self.min_digits} to {most}")


def person_key(
    title: str,
    *,
    min_digits: int = 1,
    max_digits: int | None = None,
    prefix: str = "",
    pattern: str = "",
    name: str = "",
) -> Any:
    """Key of a person, kept as text; one row a person. Dtype String.

    A key is digits, as many as it takes, unless ``min_digits``, ``max_digits`` and ``prefix`` narrow it or ``pattern``
    says it otherwise.
    """
    return PersonKey.declare(
        title=title, min_digits=min_digits, max_digits=max_digits, prefix=prefix, pattern=pattern, name=name
    )


def as_declared(key: str, pattern: str) -> pl.Expr:
    """The key in ``key``, read as ``1`` where a tool stored it as a number and wrote ``1.0``; else as it stands."""
    text = pl.col(key)
    whole = text.str.replace(r"^([0-9]+)\.0+$", "$1")
    return pl.when(~text.str.contains(pattern) & whole.str.contains(pattern)).then(whole).otherwise(text)
