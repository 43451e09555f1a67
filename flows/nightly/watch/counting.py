"""Counts of a night's features and scores by the bins of their reference, made shard by shard and added up."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

N_BINS = 10
MOST = 10_000
"""People of a shard that are counted."""
EVERYBODY = ""
"""The group that everybody is in."""


@dataclass(frozen=True)
class Bins:
    """How the values of a column are told apart; the last bin is of those without a value.

    Attributes:
        edges: of a number: each bin begins with one, the first with the smallest number that there is.
        values: of a category, one bin each; a further one is for all others.
    """

    edges: tuple[float, ...] = ()
    values: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.values or self.edges) + 2

    def codes(self, column: pl.Series) -> np.ndarray:
        """The bin of each value. Shape: ``(n,)`` int."""
        if self.values:
            known = column.cast(pl.String).cast(pl.Enum(self.values), strict=False).to_physical().cast(pl.Int64)
            codes = known.fill_null(len(self.values)).to_numpy(writable=True)
            codes[column.is_null().to_numpy()] = self.size - 1
            return codes
        numbers = column.cast(pl.Float64).to_numpy()
        codes = np.searchsorted(np.array(self.edges), numbers, side="right")
        codes[np.isnan(numbers)] = self.size - 1
        return codes

    @classmethod
    def of(cls, column: pl.Series, values: Sequence[str] = ()) -> Bins:
        """Bins of about the same number of people of a reference, or of one value each; ``values`` of a category."""
        if values:
            return cls(values=tuple(values))
        numbers = column.cast(pl.Float64).drop_nulls().drop_nans().to_numpy()
        distinct = np.unique(numbers)
        if len(distinct) == 1:  # a smaller and a larger one are told apart from it
            edges = distinct[0] + np.array([-1e-6, 1e-6]) * max(abs(distinct[0]), 1)
        else:  # between two values: the reference is kept, and an edge is nobody's value
            firsts = distinct[1:]
            if len(distinct) > N_BINS:
                quantiles = np.unique(np.quantile(numbers, np.arange(1, N_BINS) / N_BINS, method="higher"))
                firsts = quantiles[quantiles > distinct[0]]
            edges = (firsts + distinct[np.searchsorted(distinct, firsts) - 1]) / 2
        return cls(edges=tuple(edges.tolist()))


Counts = dict[str, np.ndarray]
"""By column the people of each group in each bin. Shape: ``(n_groups, n_bins)`` each."""


@dataclass(frozen=True)
class Reference:
    """What a night is compared with: how the columns are binned, how people are grouped, and the reference's counts.

    Attributes:
        bins: by column.
        cuts: by feature that tells groups apart, the numbers that part it; none of a category.
        groups: the names of the groups, everybody first, each with its column and its number there.
        inputs, scores: the counts of features among the training people, and of scores among held-out ones.
    """

    bins: Mapping[str, Bins]
    cuts: Mapping[str, tuple[float, ...]]
    groups: tuple[tuple[str, str, int], ...]
    inputs: Counts = field(default_factory=dict, repr=False)
    scores: Counts = field(default_factory=dict, repr=False)

    def parts(self, features: pl.DataFrame) -> dict[str, np.ndarray]:
        """By column that tells groups apart, the number of each person's group there. Shape: ``(n,)`` int each."""
        return {column: self._parts(column).codes(features[column]) for column in self.cuts}

    def count(self, frame: pl.DataFrame, columns: Sequence[str], parts: Mapping[str, np.ndarray]) -> Counts:
        """The people of each group in each bin of some columns; ``parts`` as :meth:`parts` gives them."""
        return {name: self._count(self.bins[name].size, self.bins[name].codes(frame[name]), parts) for name in columns}

    def _count(self, size: int, codes: np.ndarray, parts: Mapping[str, np.ndarray]) -> np.ndarray:
        """Shape: ``(n_groups, n_bins)``."""
        tables = {
            column: np.bincount(codes + size * mine, minlength=size * self._parts(column).size).reshape(-1, size)
            for column, mine in parts.items()
        }
        everybody = next(iter(tables.values())).sum(axis=0) if tables else np.bincount(codes, minlength=size)
        return np.stack([tables[column][part] if column else everybody for _, column, part in self.groups])

    def _parts(self, column: str) -> Bins:
        return Bins(edges=self.cuts[column]) if self.cuts[column] else self.bins[column]

    def to_json(self) -> str:
        """As text with stable bytes."""
        held = {
            "bins": {name: {"edges": each.edges, "values": each.values} for name, each in self.bins.items()},
            "cuts": dict(self.cuts),
            "groups": self.groups,
            "inputs": {name: counts.tolist() for name, counts in self.inputs.items()},
            "scores": {name: counts.tolist() for name, counts in self.scores.items()},
        }
        return json.dumps(held) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Reference:
        """What :meth:`to_json` wrote."""
        held: dict[str, Any] = json.loads(text)
        return cls(
            {name: Bins(tuple(each["edges"]), tuple(each["values"])) for name, each in held["bins"].items()},
            {name: tuple(cuts) for name, cuts in held["cuts"].items()},
            tuple((name, column, int(part)) for name, column, part in held["groups"]),
            {name: np.array(counts) for name, counts in held["inputs"].items()},
            {name: np.array(counts) for name, counts in held["scores"].items()},
        )


@dataclass(frozen=True)
class Counted:
    """What a shard's people, or those of a night, were counted as; it holds nobody's value."""

    inputs: Counts
    scores: Counts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Counted):
            return NotImplemented
        return _same(self.inputs, other.inputs) and _same(self.scores, other.scores)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def of(cls, reference: Reference, features: pl.DataFrame, scores: pl.DataFrame) -> Counted:
        """Count people with their features and scores, row by row the same; a score that is withheld is no score.

        Of very many every so many-th is counted: more would cost much and tell little.
        """
        step = max(1, -(-features.height // MOST))
        features, scores = features.gather_every(step), scores.gather_every(step)
        parts = reference.parts(features)
        given = [
            name for name in reference.scores if name in scores.columns and scores[name].null_count() < scores.height
        ]
        return cls(reference.count(features, list(reference.inputs), parts), reference.count(scores, given, parts))

    @classmethod
    def total(cls, parts: Sequence[Counted]) -> Counted:
        """Those of all shards."""
        return cls(_added([part.inputs for part in parts]), _added([part.scores for part in parts]))


def _same(one: Counts, other: Counts) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)


def _added(parts: Sequence[Counts]) -> Counts:
    total: Counts = {}
    for part in parts:
        for name, counts in part.items():
            total[name] = total[name] + counts if name in total else counts
    return total
