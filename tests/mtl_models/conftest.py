"""A small study with every kind of task, every kind of missing value, and a network trained on it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.serving.export import export_onnx
from mtl_models.settings import ModelSettings, TrainingSettings
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit

TASKS = (
    Task(name="tall", kind="regression", unit="cm"),
    Task(name="ill", kind="binary", threshold=0.3),
    Task(name="type", kind="multiclass", classes=("a", "b b", "c")),
    Task(name="grade", kind="ordinal", classes=("low", "mid", "high")),
    Task(name="conditions", kind="multilabel", labels=("x", "y z")),
    Task(name="side", kind="binary", role="auxiliary", weight=0.2),
)
SPEC = FeatureSpec(
    (
        Feature(name="body__age", domain="body"),
        Feature(name="body__sex", domain="body", categories=("f", "m")),
        Feature(name="body__constant", domain="body"),
        Feature(name="lab__iron", domain="lab"),
        Feature(name="lab__lead", domain="lab"),
        Feature(name="home__town", domain="home", categories=("north", "south", "west")),
    )
)
TRAINING = TrainingSettings(epochs=12, batch_size=64, learning_rate=1e-2, patience=5, ema=0.9)
METADATA = {"study": "small", "params_sha256": "abc"}
MODEL = ModelSettings.model_validate({"trunk": {"name": "shared", "widths": [16], "dropout": 0.1}})


@pytest.fixture(scope="session", autouse=True)
def one_operator_list() -> Iterator[None]:
    """Torch lists its operators for ONNX anew at every export, which takes a fifth of the time of a small one."""
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib)))
        yield


def make_frames(n_rows: int, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Features and targets with a known dependence; iron and lead are missing together, town is never 'west'."""
    random = np.random.default_rng(seed)
    age, iron = random.normal(50, 15, n_rows), random.lognormal(4, 0.5, n_rows)
    sex, town = random.integers(0, 2, n_rows), random.integers(0, 2, n_rows)
    signal = (age - 50) / 15 + sex - 0.5
    lacking = random.random(n_rows) < 0.2

    def chance(logit: np.ndarray) -> np.ndarray:
        return (random.random(n_rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)

    person = [f"p{number:05}" for number in range(n_rows)]
    features = pl.DataFrame(
        {
            "person_id": person,
            "body__age": age,
            "body__sex": pl.Series(["f", "m"]).gather(sex).cast(pl.Enum(["f", "m"])),
            "body__constant": np.full(n_rows, 3.0),
            "lab__iron": pl.Series(iron).set(pl.Series(lacking), None),
            "lab__lead": pl.Series(iron * 2 + random.normal(size=n_rows)).set(pl.Series(lacking), None),
            "home__town": pl.Series(["north", "south"]).gather(town).cast(pl.Enum(["north", "south", "west"])),
        }
    )
    rank = np.clip(np.round(signal + random.normal(size=n_rows) * 0.5 + 1), 0, 2).astype(np.int8)
    targets = pl.DataFrame(
        {
            "person_id": person,
            "tall": 170 + 8 * signal + random.normal(size=n_rows) * 4,
            "ill": chance(signal - 1),
            "type": ((rank + town) % 3).astype(np.int8),
            "grade": rank,
            "conditions__x": chance(2 * signal),
            "conditions__y_z": chance(town * 2.0 - 1),
            "side": chance(signal),
        }
    )
    unlabelled = {name: random.random(n_rows) < 0.1 for name in targets.columns[1:]}
    return features, targets.with_columns(
        pl.when(pl.Series(missing)).then(None).otherwise(pl.col(name)).alias(name)
        for name, missing in unlabelled.items()
    )


def make_dataset(n_rows: int, seed: int) -> Dataset:
    """The same as a dataset."""
    return Dataset.from_frames(*make_frames(n_rows, seed), SPEC, TASKS)


@pytest.fixture(scope="session")
def train() -> Dataset:
    return make_dataset(600, 1)


@pytest.fixture(scope="session")
def valid() -> Dataset:
    return make_dataset(300, 2)


@pytest.fixture(scope="session")
def fitted(train: Dataset, valid: Dataset) -> Fitted:
    return fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, TRAINING))


@pytest.fixture(scope="session")
def exported_model(fitted: Fitted, valid: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    export_onnx(fitted.network, path, metadata=METADATA, check=valid)
    return path


@pytest.fixture(scope="session")
def odd_matrices(valid: Dataset) -> Matrices:
    """Rows with nulls, infinities, extremes and category numbers outside the vocabulary."""
    numeric, categorical = valid.inputs.numeric[:40].copy(), valid.inputs.categorical[:40].copy()
    numeric[0], numeric[1], numeric[2, 0], numeric[3, 0] = np.nan, 3e38, -3e38, 0.0
    categorical[0], categorical[1], categorical[2], categorical[3] = -1, 99, -7, 2**31 - 1
    return Matrices(numeric, categorical)
