"""Auxiliary tasks train the trunk and count nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.tensors import batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING
from tests.mtl_models.training.balancing.conftest import make_batch, make_network

MAIN = tuple(task for task in TASKS if task.role == "main")
SHORT = TRAINING.model_copy(update={"epochs": 4})


def relabelled(dataset: Dataset, task: str, target: np.ndarray) -> Dataset:
    return replace(dataset, targets={**dataset.targets, task: target})


def train_on(train: Dataset, valid: Dataset) -> Fitted:
    return fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, SHORT))


def weights(fitted: Fitted) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in fitted.network.parameters()])


def test_validation_labels_of_an_auxiliary_task_choose_nothing(train: Dataset, valid: Dataset) -> None:
    wrong = relabelled(valid, "side", 1 - valid.targets["side"])
    none = relabelled(valid, "side", np.full_like(valid.targets["side"], np.nan))
    plain, against, without = (train_on(train, part) for part in (valid, wrong, none))
    assert [epoch.score for epoch in plain.history] == [epoch.score for epoch in against.history]
    assert plain.history[0].valid["side"] != against.history[0].valid["side"]
    assert [epoch.score for epoch in plain.history] == [epoch.score for epoch in without.history]
    assert "side" not in without.own_bests()
    assert torch.equal(weights(plain), weights(against))
    assert torch.equal(weights(plain), weights(without))


def test_an_auxiliary_task_trains_the_trunk(train: Dataset, valid: Dataset) -> None:
    one = train_on(train, valid)
    other = train_on(relabelled(train, "side", 1 - train.targets["side"]), valid)
    ours, theirs = (torch.cat([p.flatten() for p in each.network.trunk.parameters()]) for each in (one, other))
    assert not torch.equal(ours, theirs)
    assert one.history[-1].train["side"] < one.history[0].train["side"]


def test_its_weight_scales_its_gradient() -> None:
    """With a weight of 0.15 the trunk gets the main tasks' gradient and 0.15 times the auxiliary one's."""
    tasks = [replace(task, weight=0.15) if task.name == "side" else task for task in TASKS]
    from mtl_models.settings import Component
    from mtl_models.training.balancing import make_balancer

    network = make_network(tasks)
    batch = make_batch(network, 2)
    losses = batch_losses(network, batch)
    shared = list(network.trunk.parameters())
    main = torch.autograd.grad(sum(losses[task.name] for task in MAIN), shared, retain_graph=True)  # type: ignore[arg-type]
    side = torch.autograd.grad(losses["side"], shared, retain_graph=True)
    make_balancer(Component(name="equal"), network, seed=0).backward(losses)
    for parameter, ours, extra in zip(shared, main, side, strict=True):
        torch.testing.assert_close(parameter.grad, ours + 0.15 * extra)


def test_the_exported_file_knows_nothing_of_it(exported_model: Path) -> None:
    model = onnx.load(exported_model)
    names = [output.name for output in model.graph.output]
    assert {name.split("__")[0] for name in names} == {task.name for task in MAIN}
    parts = [tensor.name for tensor in model.graph.initializer]
    assert any("task_ill" in name for name in parts)
    assert not any("task_side" in name for name in parts)


def test_a_study_of_auxiliary_tasks_alone_is_scored_on_them(train: Dataset, valid: Dataset) -> None:
    tasks = [replace(task, role="auxiliary") for task in TASKS[:2]]
    result = fit(TrainingData(train, valid, SPEC, tasks), FitSettings(MODEL, SHORT))
    assert result.history[-1].score < 1


def test_without_validation_labels_of_a_main_task_training_refuses(train: Dataset, valid: Dataset) -> None:
    none = replace(valid, targets={name: np.full_like(t, np.nan) for name, t in valid.targets.items()})
    only = relabelled(none, "side", valid.targets["side"])
    with pytest.raises(ValueError, match="none of the 300 validation rows has a label of any main task"):
        train_on(train, only)
