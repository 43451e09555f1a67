"""Person keys across shards: which shard a key belongs to, and what only all shards together can tell of keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.fields import ModelView
from schemas.reading.stored import as_text


def declared_keys(text: pl.Series, view: ModelView) -> pl.Series:
    """Keys as validation reads them, null where one is missing or malformed."""
    rules, words = view.rules[view.key], as_text(text)
    plain = rules.plain(words)
    if plain is not None and not len(plain.rest):
        return plain.values
    cells = words.str.strip_chars().replace("", None).rename("text").to_frame()
    return rules.parse(cells)["value"]


def shards_of(keys: pl.Series, bounds: Sequence[str]) -> npt.NDArray[np.int64]:
    """The shard of each key: shard ``i`` holds those from ``bounds[i - 1]`` to before ``bounds[i]``; null is in 0."""
    if not bounds:
        return np.zeros(len(keys), np.int64)
    places = pl.Series(list(bounds), dtype=pl.String).search_sorted(keys.fill_null(""), side="right")
    return places.to_numpy().astype(np.int64)


def bounds_of(sample: pl.Series, n_shards: int) -> tuple[str, ...]:
    """Keys that part the people of a sample into so many shards of about one size, each bound once."""
    keys = sample.drop_nulls().unique().sort()
    if n_shards < 2 or keys.len() < 2:
        return ()
    places = np.linspace(0, keys.len(), n_shards + 1)[1:-1].astype(int)
    return tuple(keys.gather(np.unique(places[places > 0]).tolist()).to_list())


def key_test(view: ModelView) -> re.Pattern[str]:
    """What a key looks like, for one at a time."""
    return re.compile(view.key_pattern)
