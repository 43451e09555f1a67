"""Expressions that kinds of fields share when they read a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl


def mapped(key: str, mapping: Mapping[Any, Any], dtype: Any) -> pl.Expr:
    """The column ``key`` by a mapping, null where it has no entry."""
    if not mapping:
        return pl.lit(None, dtype)
    return pl.col(key).replace_strict(list(mapping), list(mapping.values()), default=None, return_dtype=dtype)


def first_rule(text: str, fault: str) -> pl.Expr:
    """The special answer in ``answer``, else ``fault`` where something stands in ``text`` and ``value`` is null."""
    unread = pl.col(text).is_not_null() & pl.col("value").is_null()
    return pl.coalesce("answer", pl.when(unread).then(pl.lit(fault)))


def labelled(cells: pl.DataFrame, labels: Mapping[str, Any], special: Mapping[Any, Any], dtype: Any) -> pl.DataFrame:
    """``value`` by the labels of a column, and the rule ``undeclared_code`` where there is none."""
    # a code such as 11 reads 11.0 where the column was stored as a float
    key = pl.col("text").str.replace(r"^(\d+)\.0+$", "$1")
    return (
        cells.select(key=key)
        .with_columns(value=mapped("key", labels, dtype), answer=mapped("key", special, pl.String))
        .select("value", rule=first_rule("key", "undeclared_code"))
    )
