"""From a feature table to the two input matrices and the targets of a model; numpy and polars only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mtl_models.data.tasks import Task

PERSON = "person_id"


@dataclass(frozen=True, kw_only=True)
class Feature:
    """One feature column, ``<domain>__<feature>``.

    Attributes:
        categories: of a category column, in the order of their codes; empty for a number.
        hidden_from: names of the tasks that it would give away; they must not see it.
        tables: the source tables that it needs; it is missing for a person for whom one of them has not arrived.
    """

    name: str
    domain: str
    categories: tuple[str, ...] = ()
    hidden_from: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()


@dataclass(frozen=True)
class FeatureSpec:
    """The feature columns of a study, in the order of the model's inputs."""

    features: tuple[Feature, ...]

    @property
    def numeric(self) -> tuple[Feature, ...]:
        """Number columns, in the order of the float matrix."""
        return tuple(feature for feature in self.features if not feature.categories)

    @property
    def categorical(self) -> tuple[Feature, ...]:
        """Category columns, in the order of the integer matrix."""
        return tuple(feature for feature in self.features if feature.categories)

    @property
    def domains(self) -> tuple[str, ...]:
        """Domain names in order of first appearance."""
        return tuple(dict.fromkeys(feature.domain for feature in self.features))

    @property
    def core(self) -> FeatureSpec:
        """The features that every task may see."""
        return FeatureSpec(tuple(feature for feature in self.features if not feature.hidden_from))

    def seen_by(self, tasks: Iterable[str]) -> FeatureSpec:
        """The features that at least one of the tasks may see."""
        names = set(tasks)
        return FeatureSpec(tuple(feature for feature in self.features if names - set(feature.hidden_from)))

    def columns_of(self, part: FeatureSpec) -> tuple[np.ndarray, np.ndarray]:
        """Where a part's features stand in the float and in the integer matrix of this spec."""
        places = []
        for ours, theirs in ((self.numeric, part.numeric), (self.categorical, part.categorical)):
            index = {feature.name: place for place, feature in enumerate(ours)}
            places.append(np.array([index[feature.name] for feature in theirs], dtype=np.int64))
        return places[0], places[1]

    def to_json(self) -> str:
        """The spec as JSON text with stable bytes."""
        return json.dumps([asdict(feature) for feature in self.features], indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> FeatureSpec:
        """The spec that ``to_json`` wrote."""
        records: list[dict[str, Any]] = json.loads(text)
        plain: Iterator[dict[str, Any]] = (
            {key: tuple(each) if isinstance(each, list) else each for key, each in one.items()} for one in records
        )
        return cls(tuple(Feature(**record) for record in plain))


@dataclass(frozen=True)
class Matrices:
    """Model inputs.

    Shape:
        numeric: ``(n_rows, n_numeric)`` float32, NaN where missing, C order.
        categorical: ``(n_rows, n_categorical)`` int32, the index into the categories, -1 where missing or unseen.
    """

    numeric: np.ndarray
    categorical: np.ndarray

    def __len__(self) -> int:
        return len(self.numeric)


def to_matrices(frame: pl.DataFrame, spec: FeatureSpec) -> Matrices:
    """Model inputs of the rows of ``frame``, columns taken by name.

    Raises:
        ValueError: if the frame lacks a feature.
    """
    if missing := [feature.name for feature in spec.features if feature.name not in frame.columns]:
        raise ValueError(f"the feature table lacks {len(missing)} columns that the model needs: {', '.join(missing)}")
    types = frame.schema  # which a frame makes anew each time that it is asked
    for feature in spec.numeric:
        dtype = types[feature.name]
        if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
            raise ValueError(f"feature {feature.name} must be a number, not {type(dtype).__name__}")
    numeric = np.empty((frame.height, len(spec.numeric)), dtype=np.float32)
    for index, feature in enumerate(spec.numeric):
        numeric[:, index] = frame[feature.name].cast(pl.Float32).to_numpy()  # null is NaN there
    categorical = np.full((frame.height, len(spec.categorical)), -1, dtype=np.int32)
    for index, feature in enumerate(spec.categorical):
        column, known = frame[feature.name], pl.Enum(feature.categories)
        if column.dtype != known:
            column = column.cast(pl.String).cast(known, strict=False)
        categorical[:, index] = column.to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    return Matrices(numeric, categorical)


@dataclass(frozen=True)
class Dataset:
    """Inputs and targets of some people.

    Shape:
        targets: a task's name to ``(n_rows, len(task.target_columns))`` float64, NaN where the label is missing.
    """

    person: np.ndarray
    inputs: Matrices
    targets: Mapping[str, np.ndarray]

    @classmethod
    def from_frames(
        cls, features: pl.DataFrame, targets: pl.DataFrame, spec: FeatureSpec, tasks: Iterable[Task]
    ) -> Dataset:
        """Dataset of the people of ``features``, targets joined on the person and missing where there is none."""
        return cls.side_by_side(
            features, features.select(PERSON).join(targets, on=PERSON, how="left", maintain_order="left"), spec, tasks
        )

    @classmethod
    def side_by_side(
        cls, features: pl.DataFrame, targets: pl.DataFrame, spec: FeatureSpec, tasks: Iterable[Task]
    ) -> Dataset:
        """Dataset of two frames of the same rows in the same order."""
        arrays = {
            task.name: targets.select(pl.col(task.target_columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()
            for task in tasks
        }
        return cls(features[PERSON].to_numpy(), to_matrices(features, spec), arrays)

    def __len__(self) -> int:
        return len(self.person)

    def select(self, whole: FeatureSpec, part: FeatureSpec) -> Dataset:
        """The same people with a part of the features.

        Args:
            whole: the spec of this dataset.
            part: features of it, in any order.
        """
        if whole == part:
            return self
        numeric, categorical = whole.columns_of(part)
        matrices = (self.inputs.numeric[:, numeric], self.inputs.categorical[:, categorical])
        return Dataset(self.person, Matrices(*map(np.ascontiguousarray, matrices)), self.targets)

    def take(self, rows: np.ndarray) -> Dataset:
        """The rows that an index or a boolean mask selects."""
        inputs = Matrices(self.inputs.numeric[rows], self.inputs.categorical[rows])
        return Dataset(self.person[rows], inputs, {name: target[rows] for name, target in self.targets.items()})


def read_dataset(folder: Path, tasks: Iterable[Task]) -> tuple[Dataset, FeatureSpec, pl.DataFrame]:
    """Dataset, spec and splits that the features stage left in ``folder``.

    The splits are one row a person in the dataset's order: a column ``final`` and one column a resample, each
    ``train``, ``valid`` or ``test``.
    """
    spec = FeatureSpec.from_json((folder / "features.json").read_text())
    features = pl.read_parquet(folder / "features.parquet")
    dataset = Dataset.from_frames(features, pl.read_parquet(folder / "targets.parquet"), spec, tasks)
    splits = features.select(PERSON).join(
        pl.read_parquet(folder / "splits.parquet"), on=PERSON, how="left", maintain_order="left"
    )
    return dataset, spec, splits
