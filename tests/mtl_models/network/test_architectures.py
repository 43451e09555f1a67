"""What holds for every encoder and every trunk of the registries; every pair of them is in test_matrix.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.trunks import TRUNKS
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import open_session, run_session
from mtl_models.settings import ModelSettings
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING, make_dataset, make_frames

# small sizes, where the defaults are large
TRUNK_OPTIONS: dict[str, dict[str, Any]] = {
    "grouped": {"groups": [["ill", "grade"]], "trunk": {"name": "shared", "widths": [8]}},
    "mmoe": {"experts": 2, "widths": [8]},
    "ple": {"widths": [8]},
    "tabm": {"k": 3, "d_block": 8},
}
ENCODER_OPTIONS: dict[str, dict[str, Any]] = {
    "attention": {"d_hidden": 4},
    "grid_convolution": {"channels": [4], "width": 8},
    "piecewise_linear": {"n_bins": 6, "d_embedding": 3},
    "periodic": {"n_frequencies": 4, "d_embedding": 3},
}


@pytest.fixture(scope="module")
def few() -> Dataset:
    return make_dataset(200, 1)


@pytest.fixture(scope="module")
def others() -> Dataset:
    return make_dataset(100, 2)


def settings_of(encoder: str, trunk: str, *, widths: tuple[int, ...] = (4,), prefix: str = "") -> ModelSettings:
    """The settings of a pair, with heads of these widths, for tasks with a prefix before their names."""
    options = TRUNK_OPTIONS.get(trunk, {"widths": [8]})
    if "groups" in options:
        options = {**options, "groups": [[f"{prefix}{name}" for name in group] for group in options["groups"]]}
    return ModelSettings.model_validate(
        {
            "encoder": {"name": encoder, **ENCODER_OPTIONS.get(encoder, {})},
            "trunk": {"name": trunk, **options},
            "heads": {"widths": list(widths)},
        }
    )


def train_pair(encoder: str, trunk: str, train: Dataset, valid: Dataset, tasks: tuple[Task, ...] = TASKS) -> Fitted:
    training = TRAINING.model_copy(update={"epochs": 2})
    return fit(TrainingData(train, valid, SPEC, tasks), FitSettings(settings_of(encoder, trunk), training))


def test_an_ensemble_on_embedded_numbers_exports_the_same_bytes_again(
    few: Dataset, others: Dataset, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        network = train_pair("piecewise_linear", "tabm", few, others, TASKS[1:3]).network
        export_onnx(network, tmp_path / name, metadata={}, check=others)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    # onnxruntime 1.31 dies of SIGFPE on this graph when it is given a batch of no rows
    nobody = run_session(open_session((tmp_path / "first").read_bytes()), others.take(np.arange(0)).inputs)
    assert {len(output) for output in nobody.values()} == {0}
    assert nobody["type__p"].shape == (0, 3)


@pytest.mark.parametrize("trunk", sorted(TRUNKS))
def test_every_trunk_serves_a_task_alone(trunk: str, few: Dataset, others: Dataset) -> None:
    network = train_pair("attention", trunk, few, others, TASKS[3:4]).network
    assert np.isfinite(predict(network, others)["grade"]).all()
    assert network.penalty() is None
    assert "distance" not in network.report(others.inputs)


@pytest.mark.parametrize("encoder", sorted(ENCODERS))
@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_every_encoder_serves_a_study_of_one_kind_of_column(encoder: str, kind: str) -> None:
    spec = FeatureSpec(SPEC.numeric if kind == "numbers" else SPEC.categorical)
    rows = Dataset.from_frames(*make_frames(60, 1), spec, TASKS)
    model, training = settings_of(encoder, "tabm"), TRAINING.model_copy(update={"epochs": 1})
    network = fit(TrainingData(rows, rows, spec, TASKS), FitSettings(model, training)).network
    assert all(np.isfinite(values).all() for values in predict(network, rows).values())
    assert sum(network.encoder.chunks) == network.encoder.width


@pytest.mark.parametrize("name", sorted({**ENCODERS, **TRUNKS}))
def test_an_unknown_option_is_refused(name: str, few: Dataset, others: Dataset) -> None:
    part = "encoder" if name in ENCODERS else "trunk"
    model = ModelSettings.model_validate({part: {"name": name, "wdths": [8]}})
    with pytest.raises(ValueError, match=f"model.{part}.wdths"):
        fit(TrainingData(few, others, SPEC, TASKS), FitSettings(model, TRAINING))


def test_the_plain_shared_network_has_no_penalty_and_nothing_to_report(few: Dataset, others: Dataset) -> None:
    network = train_pair("plain", "shared", few, others).network
    assert network.penalty() is None
    assert network.report(few.inputs) == {}
    penalty = train_pair("plain", "soft", few, others).network.penalty()
    assert penalty is not None
    assert torch.isfinite(penalty)
    assert penalty > 0


def test_an_infinite_strength_comes_back_from_the_file(few: Dataset, others: Dataset, tmp_path: Path) -> None:
    model = ModelSettings.model_validate({"trunk": {"name": "soft", "widths": [8], "strength": "infinite"}})
    network = fit(
        TrainingData(few, others, SPEC, TASKS), FitSettings(model, TRAINING.model_copy(update={"epochs": 1}))
    ).network
    assert network.penalty() is None
    save_network(network, tmp_path / "network")
    again = load_network(tmp_path / "network")
    assert again.settings == network.settings
    assert (predict(again, others)["tall"] == predict(network, others)["tall"]).all()


def test_training_adds_the_penalty(few: Dataset, others: Dataset) -> None:
    distances = []
    for strength in (0.0, 10.0):
        model = ModelSettings.model_validate({"trunk": {"name": "soft", "widths": [8], "strength": strength}})
        network = fit(
            TrainingData(few, others, SPEC, TASKS), FitSettings(model, TRAINING.model_copy(update={"epochs": 5}))
        ).network
        distances.append(np.mean(list(network.report()["distance"].values())))
    assert distances[1] < 0.5 * distances[0]
