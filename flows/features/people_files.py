"""Features, targets and splits of more people than memory: files of people side by side, and a drawn sample of them."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from flows.features.splits import PARTS
from flows.project.paths import replace_file
from mtl_models.data.shards import SHARD
from mtl_models.settings import StreamingSettings

NAMES = ("features", "targets", "splits")
FILE_ROWS = 8 * SHARD  # rows of a file, whatever the shards that they came in


@dataclass
class PeopleFiles:
    """All people of a study in files of :data:`FILE_ROWS` rows; so they can be read a shard at a time.

    Attributes:
        folder: replaced; ``features.parquet``, ``targets.parquet`` and ``splits.parquet`` are folders in it.
    """

    folder: Path
    _held: list[dict[str, pl.DataFrame]] = field(default_factory=list)
    _n_held: int = 0
    _n_files: int = 0

    def __post_init__(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, frames: Mapping[str, pl.DataFrame]) -> None:
        """Take people who come behind those before, the same in each frame."""
        self._held.append(dict(frames))
        self._n_held += frames["features"].height
        while self._n_held >= FILE_ROWS:
            self._write()

    def close(self) -> None:
        """Write who is left."""
        if self._n_held:
            self._write()

    def _write(self) -> None:
        whole = {name: pl.concat([each[name] for each in self._held]) for name in NAMES}
        for name, frame in whole.items():
            write = partial(frame.head(FILE_ROWS).rechunk().write_parquet, row_group_size=SHARD)
            replace_file(self.folder / f"{name}.parquet" / f"{self._n_files:05}.parquet", write)
        self._held = [{name: frame.slice(FILE_ROWS) for name, frame in whole.items()}]
        self._n_held = max(0, self._n_held - FILE_ROWS)
        self._n_files += 1


def drawn(folder: Path, stream: StreamingSettings) -> dict[str, pl.DataFrame]:
    """A sample of all people: of each part at most so many as the settings say, everybody with the same chance.

    Args:
        folder: of all people.
        stream: how many of each part.

    Returns:
        Features, targets and splits of the drawn people, in the order of all.
    """
    chosen = _choose(folder, stream)
    pieces: dict[str, list[pl.DataFrame]] = {name: [] for name in NAMES}
    for number, rows in chosen.items():
        for name in NAMES:
            pieces[name].append(pl.read_parquet(_files(folder, name)[number])[rows])
    return {name: pl.concat(frames) for name, frames in pieces.items()}


def _choose(folder: Path, stream: StreamingSettings) -> dict[int, npt.NDArray[np.int64]]:
    """The rows of each file that are drawn: everybody draws a number, and of each part the lowest stay."""
    random = np.random.default_rng(0)
    kept: dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]] = {}
    starts = [0]
    for column in _parts(folder):
        marks = random.random(column.len())
        rows = starts[-1] + np.arange(column.len())
        for part in PARTS:
            mine = (column == part).to_numpy()
            before = kept.get(part, (np.empty(0), np.empty(0, np.int64)))
            both = np.concatenate([before[0], marks[mine]]), np.concatenate([before[1], rows[mine]])
            lowest = np.argsort(both[0], kind="stable")[: stream.of_part(part)]
            kept[part] = both[0][lowest], both[1][lowest]
        starts.append(starts[-1] + column.len())
    whole = np.sort(np.concatenate([rows for _, rows in kept.values()]))
    cuts = np.searchsorted(whole, starts)
    return {
        number: whole[first:last] - starts[number]
        for number, (first, last) in enumerate(pairwise(cuts))
        if last > first
    }


def _parts(folder: Path) -> Iterator[pl.Series]:
    for file in _files(folder, "splits"):
        yield pl.read_parquet(file, columns=["final"])["final"]


def _files(folder: Path, name: str) -> list[Path]:
    return sorted((folder / f"{name}.parquet").glob("*.parquet"))


def count_parts(splits: pl.DataFrame) -> Counter[str]:
    """People by part."""
    return Counter(dict(splits["final"].value_counts().iter_rows()))
