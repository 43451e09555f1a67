"""The part of people who came after the split was made: by a hash of their key, with the shares of the split."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from itertools import accumulate

import polars as pl

from mtl_models.data.dataset import PERSON

_BITS = 64


def parts_of(people: pl.Series, split: pl.DataFrame) -> pl.DataFrame:
    """A part for each of some people, the same whoever else is among them.

    Args:
        people: their keys.
        split: the split file, see :func:`flows.features.splits.read_split_file`: of each of its columns, a part gets
            as many of a large number of people as it has there.

    Returns:
        ``person_id``, and ``part``: the columns of a split file with their values, as JSON.
    """
    columns = {name: _Shares(name, split[name]) for name in split.columns if name != PERSON}
    given = [json.dumps({name: each.of(key) for name, each in columns.items()}) for key in people]
    return pl.DataFrame({PERSON: people, "part": given}, schema={PERSON: pl.String, "part": pl.String})


class _Shares:
    """The parts of a column of the split, each with its share of all hashes."""

    def __init__(self, column: str, values: pl.Series) -> None:
        counts = values.value_counts().sort(values.name)
        self._column, self._parts = column, counts[values.name].to_list()
        self._ends, self._n = list(accumulate(counts["count"].to_list())), len(values)

    def of(self, key: str) -> str:
        """The part of a key."""
        hashed = hashlib.blake2b(f"{self._column}\0{key}".encode(), digest_size=_BITS // 8).digest()
        place = int.from_bytes(hashed) * self._n >> _BITS
        return str(self._parts[bisect_right(self._ends, place)])


def as_split(parts: pl.DataFrame, split: pl.DataFrame) -> pl.DataFrame:
    """Parts that were given once, with the columns of the split file; one that it did not have then is filled in.

    Args:
        parts: what :func:`parts_of` gave.
        split: the split file of now.
    """
    names = [name for name in split.columns if name != PERSON]
    words = pl.Struct(dict.fromkeys(names, pl.String))
    given, now = (
        each["part"].str.json_decode(words).struct.unnest() for each in (parts, parts_of(parts[PERSON], split))
    )
    filled = [given[name].fill_null(now[name]) for name in names]
    return pl.DataFrame([parts[PERSON], *filled]).select(split.columns).sort(PERSON)


def with_newcomers(cells: pl.DataFrame, newcomers: pl.DataFrame | None) -> pl.DataFrame:
    """The split file with the newcomers: what they were given stands, should the file name them by now."""
    if newcomers is None:
        return cells
    rest = cells.join(newcomers, on=PERSON, how="anti", maintain_order="left")
    return pl.concat([rest, newcomers], how="diagonal")
