"""From a frame of a user to what a fit and an evaluation are given, by what was learned of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON, Dataset, FeatureSpec
from mtl_models.data.describe import feature_spec, feature_table
from mtl_models.data.parts import draw_parts, read_parts
from mtl_models.data.targets import frame_targets, source_columns
from mtl_models.data.tasks import Task
from mtl_models.wording import unknown


@dataclass(frozen=True)
class Columns:
    """What the columns of a frame are for.

    Attributes:
        tasks: whose targets it holds.
        key: the column that names a person; nothing where there is none.
        part: the column that says who is trained on; nothing where a share is drawn.
        features: the columns to learn from; nothing for all that are none of these.
    """

    tasks: tuple[Task, ...]
    key: str | None
    part: str | None
    features: tuple[str, ...] | None

    def feature_names(self, frame: pl.DataFrame) -> list[str]:
        """The features of a frame, in the order of its columns or as they were named.

        Raises:
            ValueError: for a column that is not there, or that is a target, or a frame without features.
        """
        targets = {name for task in self.tasks for name in (*source_columns(task, frame.columns), *task.columns)}
        others = targets | {self.key or PERSON, self.part or PERSON}
        if self.features is None:
            names = [name for name in frame.columns if name not in others]
        else:
            names = list(self.features)
            if wrong := [name for name in names if name in others]:
                raise ValueError(f"features: column {wrong[0]} is the key, the part or a target: leave it out")
            require_columns(frame, names, "features")
            if len(set(names)) < len(names):
                raise ValueError("features: a column is named twice: name it once")
        if not names:
            raise ValueError("features: the frame has no column but targets, key and part: add columns to learn from")
        return names

    def dataset(self, features: pl.DataFrame, targets: pl.DataFrame, spec: FeatureSpec) -> Dataset:
        """Inputs and targets of all rows; people are numbered by their rows."""
        people = pl.Series(PERSON, [f"{row:010}" for row in range(features.height)], dtype=pl.String)
        kept = features.select(pl.exclude(PERSON))
        return Dataset.from_frames(
            kept.insert_column(0, people), targets.insert_column(0, people.clone()), spec, self.tasks
        )

    def evaluated(self, frame: pl.DataFrame, spec: FeatureSpec) -> Dataset:
        """The people of a frame to measure on.

        Raises:
            ValueError: for a task without its columns, or a person who stands there twice.
        """
        self.require_people(frame)
        return self.dataset(frame, frame_targets(frame, self.tasks), spec)

    def require_people(self, frame: pl.DataFrame) -> None:
        """Check that there are rows and each is a person of its own.

        Raises:
            ValueError: if not.
        """
        if not frame.height:
            raise ValueError("the frame has no rows: give one row a person")
        if self.key is None:
            return
        require_columns(frame, [self.key], "key")
        if n_twice := frame.height - frame[self.key].n_unique():
            raise ValueError(f"key: column {self.key} has {n_twice} people once more: give one row a person")
        if n_missing := frame[self.key].null_count():
            raise ValueError(f"key: column {self.key} is empty in {n_missing} rows: name every person")


@dataclass(frozen=True)
class People:
    """A frame that was read to be learned from."""

    spec: FeatureSpec
    train: Dataset
    valid: Dataset
    n_left_out: int


def read_people(frame: pl.DataFrame, columns: Columns, share: float, seed: int) -> People:
    """The people to learn from and to choose by, and what their features are.

    Args:
        share: of the rows that choose, where no column says so.

    Raises:
        ValueError: for a frame that cannot be learned from.
    """
    columns.require_people(frame)
    targets = frame_targets(frame, columns.tasks)
    if columns.part is not None:
        require_columns(frame, [columns.part], "validation")
        parts = read_parts(frame[columns.part])
    else:
        parts = draw_parts(_arrays(targets, columns.tasks), share, seed)
    features = feature_table(frame, columns.feature_names(frame), parts == "train")
    spec = _hide(feature_spec(features), columns.tasks)
    whole = columns.dataset(features, targets, spec)
    train, valid = (whole.take(np.flatnonzero(parts == part)) for part in ("train", "valid"))
    if not len(valid) or not len(train):
        raise ValueError(
            f"validation: of {frame.height} rows {len(train)} are left to train and {len(valid)} to choose: give more "
            "rows, or another share"
        )
    return People(spec, train, valid, frame.height - len(train) - len(valid))


def require_columns(frame: pl.DataFrame, names: Sequence[str], what: str) -> None:
    """Check that a frame has columns that a parameter names.

    Raises:
        ValueError: naming the first that lacks, and the nearest that is there.
    """
    if missing := [name for name in names if name not in frame.columns]:
        raise ValueError(f"{what}: {unknown(missing[0], frame.columns, 'column of the frame')}")


def _hide(spec: FeatureSpec, tasks: Sequence[Task]) -> FeatureSpec:
    """The spec with what a task's record calls a leak hidden from that task."""
    hidden = {feature.name: tuple(t.name for t in tasks if feature.name in t.leaks) for feature in spec.features}
    return FeatureSpec(tuple(replace(feature, hidden_from=hidden[feature.name]) for feature in spec.features))


def _arrays(targets: pl.DataFrame, tasks: Sequence[Task]) -> dict[str, np.ndarray]:
    floats = targets.select(pl.all().cast(pl.Float64).fill_null(float("nan")))
    return {task.name: floats.select(task.target_columns).to_numpy() for task in tasks if task.role == "main"}
