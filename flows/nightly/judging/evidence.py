"""What is kept beside a version so that it can be compared later: who it learned from, what it said of the others.

People stand there by a mark, a hash of their key with the version: who has the keys of a table can tell which of them
a model was trained on, and the file alone names nobody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from flows.fitting.names import FINAL, MODEL
from flows.stores.registry import ModelRegistry
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task

TRAINED_ON, HELD_OUT = "trained_on.parquet", "held_out.parquet"
MARK = "mark"
_KEYS = ["repeat", "seed"]


def marks(persons: pl.Series, version: str) -> pl.Series:
    """The marks of people for a version."""
    key = bytes.fromhex(version)[:64]
    found = [hashlib.blake2b(str(each).encode(), digest_size=8, key=key).digest() for each in persons]
    return pl.Series(MARK, [int.from_bytes(each, "little") for each in found], dtype=pl.UInt64)


def write_evidence(study: Study, version: str, folder: Path) -> list[Path]:
    """Write the files of the study's newest training, and give them.

    Of a fixed split what every seed said of the validation people is kept; of folds what every repeat said of everyone,
    each person predicted by networks that were not trained on them.
    """
    paths = study.paths
    splits = pl.read_parquet(paths.features / "splits.parquet")
    trained = splits.filter(pl.col(FINAL) == "train")[PERSON]
    part = "test" if study.settings.split.kind == "folds" else "valid"
    columns = [name for task in main_tasks(study.settings.task_records) for name in task.prediction_columns]
    rows = (
        pl.scan_parquet(paths.models / "predictions.parquet")
        .filter(pl.col("model") == MODEL.text, pl.col("part") == part)
        .collect()
    )
    repeats = [_repeat(name) for name in rows["resample"]]
    held_out = rows.select(pl.Series("repeat", repeats, pl.Int32), "seed", marks(rows[PERSON], version), *columns).sort(
        *_KEYS, MARK
    )
    files = [folder / TRAINED_ON, folder / HELD_OUT]
    marks(trained, version).sort().to_frame().write_parquet(files[0])
    held_out.write_parquet(files[1])
    return files


def main_tasks(tasks: Sequence[Task]) -> list[Task]:
    """Those that are scored."""
    return [task for task in tasks if task.role == "main"]


def _repeat(resample: str) -> int:
    found = re.fullmatch(r"r(\d+)f\d+", resample)
    return int(found[1]) if found else 0


@dataclass(frozen=True)
class Evidence:
    """What is kept beside a version; nothing of one that was registered before it was kept.

    Attributes:
        version: by which people are marked: of a correction the version that it corrects.
        trained_on: the marks of the people that it learned from.
        held_out: predictions by repeat, seed and mark.
    """

    version: str
    trained_on: pl.Series | None = None
    held_out: pl.DataFrame | None = None

    @classmethod
    def of(cls, registry: ModelRegistry, version: str) -> Evidence:
        """Read it.

        Raises:
            ValueError: if a file is not what was registered.
        """
        trained, held_out = (registry.companion(version, name) for name in (TRAINED_ON, HELD_OUT))
        return cls(
            registry.network_of(version),
            pl.read_parquet(trained)[MARK] if trained else None,
            pl.read_parquet(held_out) if held_out else None,
        )

    def learned_from(self, persons: pl.Series) -> pl.Series | None:
        """Which of some people it learned from; nothing where that is not known."""
        return None if self.trained_on is None else marks(persons, self.version).is_in(self.trained_on.implode())

    def seeds(self, persons: pl.Series) -> tuple[pl.DataFrame, ...]:
        """What each seed said of some people, null where nothing was kept."""
        return tuple(self._said(persons, ["seed"]).values())

    def repeats(self, persons: pl.Series) -> dict[int, pl.DataFrame]:
        """What the first seed said of some people in each repeat of the folds, null where nothing was kept."""
        return {int(key[0]): frame for key, frame in self._said(persons, ["repeat"]).items()}

    def _said(self, persons: pl.Series, by: list[str]) -> dict[tuple[Any, ...], pl.DataFrame]:
        if self.held_out is None or self.held_out.is_empty():
            return {}
        mine = marks(persons, self.version).to_frame()
        other = "repeat" if by == ["seed"] else "seed"
        kept = self.held_out.filter(pl.col(other) == self.held_out[other].min())
        return {
            key: mine.join(part.drop(*_KEYS), on=MARK, how="left", maintain_order="left").drop(MARK)
            for key, part in kept.partition_by(by, as_dict=True, maintain_order=True).items()
        }
