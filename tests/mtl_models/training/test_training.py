from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.data.frames import prediction_frame
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.trunks import TRUNKS
from mtl_models.settings import ModelSettings
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit, task_losses
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_dataset

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(2)
from mtl_models.network.checkpoint import save_network
from mtl_models.serving.export import export_onnx
from mtl_models.training.fit import FitSettings, TrainingData, fit
from tests.mtl_models.conftest import *
train, valid = make_dataset(600, 1), make_dataset(300, 2)
fitted = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, TRAINING))
save_network(fitted.network, Path(sys.argv[1]) / "network.safetensors")
export_onnx(fitted.network, Path(sys.argv[1]) / "model.onnx", metadata=METADATA, check=valid)
"""


def keep_labels(dataset: Dataset, task: str, n_rows: int) -> Dataset:
    target = dataset.targets[task].copy()
    target[n_rows:] = np.nan
    return replace(dataset, targets={**dataset.targets, task: target})


def test_the_network_learns(fitted: Fitted, valid: Dataset) -> None:
    first, kept = fitted.history[0], fitted.history[fitted.epoch - 1]
    assert kept.score < 0.9
    assert kept.score <= first.score
    target, found = valid.targets["tall"][:, 0], predict(fitted.network, valid)["tall"][:, 0]
    known = ~np.isnan(target)
    assert np.corrcoef(target[known], found[known])[0, 1] > 0.7


def test_the_kept_weights_are_those_of_the_best_epoch(fitted: Fitted, valid: Dataset) -> None:
    kept = fitted.history[fitted.epoch - 1]
    assert kept.score == min(epoch.score for epoch in fitted.history)
    with torch.no_grad():
        raw = fitted.network(torch.from_numpy(valid.inputs.numeric), torch.from_numpy(valid.inputs.categorical))
    targets = {name: torch.tensor(target, dtype=torch.float32) for name, target in valid.targets.items()}
    again = {name: float(loss) for name, loss in task_losses(fitted.network, raw, targets).items()}
    assert again == pytest.approx(kept.valid, rel=1e-5)


def test_training_stops_after_patience_and_leaves_no_trace(train: Dataset, valid: Dataset) -> None:
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    settings = TRAINING.model_copy(update={"epochs": 60, "patience": 2, "learning_rate": 0.05})
    result = fit(TrainingData(train, valid, SPEC, TASKS[:1]), FitSettings(MODEL, settings))
    assert len(result.history) == result.epoch + 2
    assert len(result.history) < 60
    assert torch.equal(torch.rand(3), expected)
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_seed_repeats_and_another_differs(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"epochs": 2})
    first, again, other = (
        fit(TrainingData(train, valid, SPEC, TASKS[:2]), FitSettings(MODEL, settings), seed=seed) for seed in (3, 3, 4)
    )
    assert first.history_records() == again.history_records()
    assert first.history_records() != other.history_records()


def test_a_task_without_a_label_in_the_batch_is_left_out_not_zero(fitted: Fitted) -> None:
    rows = make_dataset(20, 5)
    raw = fitted.network(torch.from_numpy(rows.inputs.numeric), torch.from_numpy(rows.inputs.categorical))
    targets = {name: torch.tensor(target, dtype=torch.float32) for name, target in rows.targets.items()}
    targets["ill"] = torch.full_like(targets["ill"], torch.nan)
    assert set(task_losses(fitted.network, raw, targets)) == {task.name for task in TASKS} - {"ill"}


def test_a_task_that_is_almost_never_labelled_is_trained_on_the_rows_that_it_has(valid: Dataset) -> None:
    train = keep_labels(make_dataset(200, 6), "ill", 3)
    result = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, TRAINING.model_copy(update={"epochs": 2})))
    assert all(np.isfinite(values).all() for values in predict(result.network, valid).values())


def test_a_task_without_any_label_is_refused(valid: Dataset) -> None:
    train = keep_labels(make_dataset(60, 6), "ill", 0)
    with pytest.raises(ValueError, match="task ill: none of the 60 training rows"):
        fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, TRAINING))


def test_divergence_is_an_error(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"learning_rate": 1e30, "gradient_clip": 0.0})
    with pytest.raises(ValueError, match="training diverged in epoch"):
        fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, settings))


def test_validation_rows_move_no_statistic(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"epochs": 1})
    shifted = replace(valid, inputs=replace(valid.inputs, numeric=valid.inputs.numeric + 1000))
    first, second = (
        fit(TrainingData(train, part, SPEC, TASKS), FitSettings(MODEL, settings)).network for part in (valid, shifted)
    )
    for (name, ours), (_, theirs) in zip(first.state_dict().items(), second.state_dict().items(), strict=True):
        # what a task decides by is chosen on validation rows
        assert name.endswith(".cuts") or torch.equal(ours, theirs), name


def test_without_averaging_the_last_weights_are_kept(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"epochs": 2, "ema": 0.0})
    assert fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, settings)).epoch in (1, 2)


@pytest.mark.parametrize("trunk", sorted(TRUNKS))
@pytest.mark.parametrize("encoder", ["plain", "domains"])
def test_every_architecture_trains_saves_and_loads(
    trunk: str, encoder: str, train: Dataset, valid: Dataset, tmp_path: Path
) -> None:
    model = ModelSettings.model_validate({"encoder": encoder, "trunk": trunk, "heads": {"tasks": {"ill": [4]}}})
    network = fit(
        TrainingData(train, valid, SPEC, TASKS), FitSettings(model, TRAINING.model_copy(update={"epochs": 1}))
    ).network
    save_network(network, tmp_path / "network.safetensors")
    before, after = predict(network, valid), predict(load_network(tmp_path / "network.safetensors"), valid)
    assert all((before[task.name] == after[task.name]).all() for task in TASKS)


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="without our metadata"):
        load_network(tmp_path / "other.safetensors")


def test_predictions_make_a_frame(fitted: Fitted, valid: Dataset) -> None:
    predictions = predict(fitted.network, valid)
    frame = prediction_frame(valid.person, predictions, TASKS)
    assert frame.columns == ["person_id", *(name for task in TASKS for name in task.prediction_columns)]
    assert frame.height == len(valid)
    assert frame["type__p_b_b"].to_list() == predictions["type"][:, 1].tolist()
    with pytest.raises(ValueError, match="task ill: no predictions"):
        prediction_frame(valid.person, {"tall": predictions["tall"]}, TASKS)
    with pytest.raises(ValueError, match="task tall: predictions have shape"):
        prediction_frame(valid.person[:5], predictions, TASKS)


def test_weights_and_export_have_the_same_bytes_in_another_process_and_checkout(
    fitted: Fitted, exported_model: Path, tmp_path: Path
) -> None:
    """The exporter notes absolute source paths in every node; with another checkout they would be others."""
    import shutil

    checkout = tmp_path / "elsewhere" / "deeper"
    for package in ("mtl_models", "tests/mtl_models"):
        ignored = shutil.ignore_patterns("__pycache__", "node_modules")
        shutil.copytree(ROOT / package, checkout / package, ignore=ignored)
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", SCRIPT, str(checkout)]
    subprocess.run(command, cwd=checkout, env=environment, check=True, timeout=240)
    save_network(fitted.network, tmp_path / "network.safetensors")
    assert (checkout / "network.safetensors").read_bytes() == (tmp_path / "network.safetensors").read_bytes()
    elsewhere = (checkout / "model.onnx").read_bytes()
    assert elsewhere == exported_model.read_bytes()
    assert not [folder for folder in (tmp_path, ROOT) if str(folder).encode() in elsewhere]
