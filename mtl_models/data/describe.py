"""The spec of a feature table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON, Feature, FeatureSpec


def domain_of(name: str) -> str:
    """The domain of a feature: its name up to the double underscore, the whole name without one."""
    return name.split("__", 1)[0]


def feature_spec(
    features: pl.DataFrame,
    hidden_from: Mapping[str, tuple[str, ...]] | None = None,
    tables: Mapping[str, tuple[str, ...]] | None = None,
) -> FeatureSpec:
    """The spec of a feature table, from its column names and types.

    Args:
        hidden_from: names of the tasks that must not see a domain, by the domain.
        tables: the source tables of a feature, by its full name.
    """
    hidden_from, tables = hidden_from or {}, tables or {}
    return FeatureSpec(
        tuple(
            Feature(
                name=name,
                domain=domain_of(name),
                categories=tuple(dtype.categories.to_list()) if isinstance(dtype, pl.Enum) else (),
                hidden_from=tuple(hidden_from.get(domain_of(name), ())),
                tables=tuple(tables.get(name, ())),
            )
            for name, dtype in features.schema.items()
            if name != PERSON
        )
    )


# a text column with more different texts than this share of its rows is no category but a name or a number of a person
MOST_CATEGORIES = 0.5
FEW_CATEGORIES = 20


def feature_column(name: str, dtype: pl.DataType) -> pl.Expr | None:
    """A column as features are kept: numbers as Float64, null for missing; categories as their Enum; else nothing."""
    if dtype.is_numeric() or dtype == pl.Boolean:
        return pl.col(name).cast(pl.Float64).fill_nan(None)
    return pl.col(name) if isinstance(dtype, pl.Enum) else None


def feature_table(frame: pl.DataFrame, names: Iterable[str], train: np.ndarray) -> pl.DataFrame:
    """Features by the types of a frame's columns: numbers, and texts as categories, those that training rows have.

    Args:
        train: which rows are trained on.

    Raises:
        ValueError: for a column that is neither, or whose texts look like identifiers.
    """
    columns = []
    for name in names:
        column = frame[name]
        if column.dtype in (pl.String, pl.Categorical):
            column = _as_enum(column.cast(pl.String), train)
        if isinstance(column.dtype, pl.Enum) and column.dtype.categories.is_empty():
            column = pl.Series(name, [None] * len(column), dtype=pl.Null)
        expression = feature_column(name, column.dtype)
        if expression is None and column.dtype != pl.Null:
            raise ValueError(
                f"features: column {name} is {type(column.dtype).__name__}, neither a number nor text: turn it into "
                "one, or name the features without it"
            )
        columns.append(column.cast(pl.Float64) if expression is None else pl.select(column).select(expression)[name])
    return pl.DataFrame(columns)


def _as_enum(column: pl.Series, train: np.ndarray) -> pl.Series:
    known = column.filter(pl.Series(train)).drop_nulls()
    texts = known.unique().sort()
    if len(texts) > max(FEW_CATEGORIES, MOST_CATEGORIES * len(known)):
        raise ValueError(
            f"features: column {column.name} has {len(texts)} different texts in {len(known)} rows, as identifiers "
            "do: name it as key, or name the features without it"
        )
    if texts.is_empty():
        return pl.Series(column.name, [None] * len(column), dtype=pl.Null)
    return column.cast(pl.Enum(texts), strict=False)
