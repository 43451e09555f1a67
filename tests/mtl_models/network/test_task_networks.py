"""Each task answered by a network of its own, in one file: the best epoch of each task instead of one joint stop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.layout import plan_layout
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.embeddings import domain_embeddings
from mtl_models.network.network import Network
from mtl_models.network.task_networks import TaskNetworks, own_stops
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import TrainingSettings
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.history import Fitted
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_frames

# so fast that the tasks are at their best at different epochs
FAST = TRAINING.model_copy(update={"learning_rate": 3e-2})


@pytest.fixture(scope="module")
def kept(train: Dataset, valid: Dataset) -> Fitted:
    return fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, FAST), keep_own_best=True)


@pytest.fixture(scope="module")
def own(train: Dataset, valid: Dataset) -> Fitted:
    return fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, FAST.model_copy(update={"stop": "own"})))


def test_each_task_stops_at_its_own_best_epoch(kept: Fitted, own: Fitted, valid: Dataset) -> None:
    assert isinstance(own.network, TaskNetworks)
    assert own.history_records() == kept.history_records()
    found = predict(own.network, valid)
    assert list(found) == [task.name for task in TASKS]
    for task in TASKS:
        assert (found[task.name] == predict(kept.own_best[task.name], valid)[task.name]).all()
    epochs = {best.epoch for best in own.own_bests().values()}
    assert len(epochs) > 1
    assert len(own.network.members) == len(epochs)
    assert any((found[task.name] != predict(kept.network, valid)[task.name]).any() for task in TASKS)


@pytest.mark.parametrize("encoder", ["plain", "grid_convolution", "attention"])
def test_a_network_answers_for_some_tasks_as_it_does_for_all(train: Dataset, encoder: str) -> None:
    hidden = {"lab__iron": ("tall",), "home__town": ("tall", "ill")}
    spec = FeatureSpec(tuple(replace(each, hidden_from=hidden.get(each.name, ())) for each in SPEC.features))
    settings = MODEL.model_validate({"view": "own", "encoder": {"name": encoder}})
    network = Network(spec, TASKS, settings, plan_layout(spec, train.inputs)).eval()
    network.fit_statistics(train)
    prepared = network.preprocess(*map(torch.from_numpy, (train.inputs.numeric, train.inputs.categorical)))
    whole = network.outputs(prepared)
    for tasks in (["ill"], ["grade", "tall"]):
        part = network.outputs(prepared, tasks)
        assert set(part) == set(tasks)
        for task in tasks:
            torch.testing.assert_close(part[task], whole[task])


def test_it_comes_back_from_its_file_and_scores_from_one_onnx_file(own: Fitted, valid: Dataset, tmp_path: Path) -> None:
    for name in ("first", "second"):
        save_network(own.network, tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    again = load_network(tmp_path / "first")
    before, after = predict(own.network, valid), predict(again, valid)
    assert all((before[task.name] == after[task.name]).all() for task in TASKS)
    export_onnx(again, tmp_path / "model.onnx", metadata={}, check=valid)
    frame = make_frames(300, 2)[0]
    scores = Scorer(tmp_path / "model.onnx").score(frame)
    np.testing.assert_allclose(scores["tall"].to_numpy(), before["tall"][:, 0], rtol=1e-5)
    np.testing.assert_allclose(scores["ill__p"].to_numpy(), before["ill"][:, 0], atol=1e-5)


def test_a_task_alone_has_one_stop(train: Dataset, valid: Dataset) -> None:
    training = FAST.model_copy(update={"epochs": 4})
    joint, own = (
        fit(TrainingData(train, valid, SPEC, TASKS[:1]), FitSettings(MODEL, training.model_copy(update={"stop": stop})))
        for stop in ("joint", "own")
    )
    assert (predict(joint.network, valid)["tall"] == predict(own.network, valid)["tall"]).all()


def test_a_task_without_validation_labels_keeps_the_joint_stop(train: Dataset, valid: Dataset) -> None:
    without = Dataset(valid.person, valid.inputs, {**valid.targets, "ill": np.full_like(valid.targets["ill"], np.nan)})
    kept = fit(
        TrainingData(train, without, SPEC, TASKS),
        FitSettings(MODEL, FAST.model_copy(update={"epochs": 4})),
        keep_own_best=True,
    )
    found = own_stops(kept)
    assert (predict(found.network, valid)["ill"] == predict(kept.network, valid)["ill"]).all()


def test_what_cannot_be_one_file_is_refused(kept: Fitted, valid: Dataset, train: Dataset) -> None:
    other = fit(TrainingData(valid, train, SPEC, TASKS), FitSettings(MODEL, FAST.model_copy(update={"epochs": 1})))
    with pytest.raises(ValueError, match="the same training rows"):
        TaskNetworks({"tall": kept.network, "ill": other.network})
    with pytest.raises(ValueError, match="train with keep_own_best"):
        own_stops(other)
    with pytest.raises(ValueError, match=r"training\.stop: joint"):
        domain_embeddings(own_stops(kept).network, valid)
    with pytest.raises(ValueError, match="stop"):
        TrainingSettings.model_validate({"stop": "never"})


def test_the_members_report_by_task(kept: Fitted, valid: Dataset, train: Dataset) -> None:
    assert TaskNetworks({"tall": kept.network}).report(valid.inputs) == {}
    model = MODEL.model_validate({"trunk": {"name": "mmoe", "experts": 2, "widths": [4]}})
    settings = FAST.model_copy(update={"epochs": 2, "stop": "own"})
    report = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(model, settings)).network.report(valid.inputs)
    assert set(report["by_task"]) == {task.name for task in TASKS}
    gates = report["by_task"]["ill"]["gates"]
    assert sum(gates["ill"].values()) == pytest.approx(1)
    assert torch.isfinite(torch.tensor(list(gates["tall"].values()))).all()
