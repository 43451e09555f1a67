"""Groups of people by a feature: its values, or the ranges between some numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import polars as pl

MOST_VALUES = 12  # a column of more is a number that has no groups


def groups_of(values: pl.Series, cuts: Sequence[float]) -> Iterator[tuple[str, np.ndarray]]:
    """The groups that a column tells apart, by name; who lacks a value is in none. Shape: ``(n,)`` bool each."""
    if cuts:
        edges = [-np.inf, *sorted(cuts), np.inf]
        numbers = values.cast(pl.Float64)
        for low, high in pairwise(edges):
            within = f"under {high:g}" if low == -np.inf else f"{low:g} and more" if high == np.inf else ""
            rows = ((numbers >= low) & (numbers < high)).fill_null(False).to_numpy()
            yield within or f"{low:g} to {high:g}", rows
        return
    texts = values.cast(pl.String)
    for value in texts.drop_nulls().unique().sort().head(MOST_VALUES + 1):
        yield value, (texts == value).fill_null(False).to_numpy()
