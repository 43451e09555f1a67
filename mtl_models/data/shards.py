"""People of a feature folder read shard by shard, so that they need not fit into memory; numpy and polars only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON, Dataset, FeatureSpec, Matrices
from mtl_models.data.tasks import Task

SHARD = 16_384
_FILES = ("features", "targets", "splits")


@dataclass(frozen=True)
class ParquetRows:
    """The rows of a Parquet file, or of a folder of them in the order of their names.

    Attributes:
        starts: the first row of each file, and the number of rows of all.
    """

    paths: tuple[Path, ...]
    starts: tuple[int, ...]

    @classmethod
    def open(cls, path: Path) -> ParquetRows:
        """The rows under a path."""
        paths = tuple(sorted(path.glob("*.parquet"))) if path.is_dir() else (path,)
        counts = [pl.scan_parquet(each).select(pl.len()).collect().item() for each in paths]
        return cls(paths, (0, *accumulate(counts)))

    def __len__(self) -> int:
        return self.starts[-1]

    def slice(self, start: int, n_rows: int) -> pl.DataFrame:
        """Rows side by side; no other file is opened than those that hold them."""
        end = min(start + n_rows, len(self))
        pieces = [
            pl.scan_parquet(path).slice(max(start - first, 0), min(end, last) - max(start, first)).collect()
            for path, first, last in zip(self.paths, self.starts, self.starts[1:], strict=False)
            if first < end and start < last
        ]
        return pl.concat(pieces)


@dataclass(frozen=True)
class Shards:
    """The people of one part, in the files' order; a shard is so many rows side by side.

    Features, targets and splits are one Parquet file each, or a folder of them, with the same people in the same order,
    as the features stage writes them. A shard is read as a slice: files whose row groups are no longer than a shard are
    read fastest.

    Attributes:
        features, targets, splits: of the same people.
        spec: of the files.
        seen: the features that are given out.
        resample, part: the column of the splits and the word in it.
        shard_rows: rows of a shard, whatever their part.
    """

    features: ParquetRows
    targets: ParquetRows
    splits: ParquetRows
    tasks: tuple[Task, ...]
    spec: FeatureSpec
    seen: FeatureSpec
    resample: str
    part: str
    shard_rows: int = SHARD

    @classmethod
    def open(
        cls,
        folder: Path,
        tasks: Iterable[Task],
        *,
        resample: str = "final",
        part: str = "train",
        shard_rows: int = SHARD,
    ) -> Shards:
        """The people of a part of a folder.

        Args:
            folder: holds ``features.parquet``, ``targets.parquet``, ``splits.parquet`` and ``features.json``.

        Raises:
            ValueError: if the files do not have the same number of rows, or lack the column of the resample.
        """
        tables = {name: ParquetRows.open(folder / f"{name}.parquet") for name in _FILES}
        if len({len(table) for table in tables.values()}) > 1:
            said = ", ".join(f"{name}.parquet has {len(table)}" for name, table in tables.items())
            raise ValueError(f"{said} rows: write the same people in the same order to all of them")
        if resample not in tables["splits"].slice(0, 1).columns:
            raise ValueError(f"splits.parquet has no column {resample}: name one of its resamples")
        spec = FeatureSpec.from_json((folder / "features.json").read_text())
        features, targets, splits = tables.values()
        return cls(features, targets, splits, tuple(tasks), spec, spec, resample, part, shard_rows)

    def __len__(self) -> int:
        return -(-len(self.features) // self.shard_rows)

    def of_part(self, part: str) -> Shards:
        """The people of another part."""
        return replace(self, part=part)

    def view(self, seen: FeatureSpec) -> Shards:
        """The same people with some of the features."""
        return replace(self, seen=seen)

    def read(self, shard: int) -> Dataset:
        """The part's people of a shard.

        Raises:
            ValueError: if the files name other people, or the same in another order.
        """
        start = shard * self.shard_rows
        tables = (self.features, self.targets, self.splits)
        features, targets, splits = (table.slice(start, self.shard_rows) for table in tables)
        for name, other in (("targets", targets), ("splits", splits)):
            if n_other := int(features[PERSON].ne_missing(other[PERSON]).sum()):
                raise ValueError(
                    f"{name}.parquet names {n_other} other people than features.parquet in rows {start + 1:,} to "
                    f"{start + features.height:,}: write the same people in the same order to both"
                )
        mine = splits[self.resample] == self.part
        whole = Dataset.side_by_side(features.filter(mine), targets.filter(mine), self.spec, self.tasks)
        return whole.select(self.spec, self.seen)

    def __iter__(self) -> Iterator[Dataset]:
        return map(self.read, range(len(self)))


def concatenate(parts: Sequence[Dataset]) -> Dataset:
    """All people of some datasets of one spec, in their order."""
    numeric = np.concatenate([part.inputs.numeric for part in parts])
    categorical = np.concatenate([part.inputs.categorical for part in parts])
    targets = {name: np.concatenate([part.targets[name] for part in parts]) for name in parts[0].targets}
    return Dataset(np.concatenate([part.person for part in parts]), Matrices(numeric, categorical), targets)


@dataclass(frozen=True)
class Drawn:
    """People drawn from shards, each with the same chance.

    Attributes:
        people: in the files' order; all of them where there are no more than asked for.
        n_rows: how many there are in all.
    """

    people: Dataset
    n_rows: int


def draw(shards: Shards, n_most: int, seed: int) -> Drawn:
    """At most ``n_most`` people, in one pass, with no more than twice as many and a shard in memory.

    Each person draws a number and the lowest stay.

    Raises:
        ValueError: if there is nobody.
    """
    random = np.random.default_rng(seed)
    kept: list[Dataset] = []
    marks, highest, n_rows = np.empty(0), 1.0, 0
    for part in shards:
        drawn = random.random(len(part))
        n_rows += len(part)
        kept.append(part.take(np.flatnonzero(drawn < highest)))
        marks = np.concatenate([marks, drawn[drawn < highest]])
        if len(marks) > 2 * n_most:
            kept, marks = _lowest(kept, marks, n_most)
            highest = float(marks.max())
    if not n_rows:
        raise ValueError(f"splits.parquet calls nobody {shards.part} in {shards.resample}: name another resample")
    (people,), _ = _lowest(kept, marks, n_most)
    return Drawn(people, n_rows)


def _lowest(parts: Sequence[Dataset], marks: np.ndarray, n_most: int) -> tuple[list[Dataset], np.ndarray]:
    """The people of the lowest marks, in their order."""
    whole = concatenate(parts)
    if len(whole) <= n_most:
        return [whole], marks
    stay = np.sort(np.argpartition(marks, n_most - 1)[:n_most])
    return [whole.take(stay)], marks[stay]
