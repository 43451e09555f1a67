"""The spec of a feature table."""

from __future__ import annotations

from collections.abc import Mapping

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
