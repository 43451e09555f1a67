"""Each task's own best epoch beside the joint one."""

from __future__ import annotations

import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.network.network import Network
from mtl_models.training.fit import FitSettings, TrainingData, fit, task_losses
from mtl_models.training.history import Epoch, Fitted
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING
from tests.mtl_models.training.balancing.conftest import make_network


def loss_of(network: Network, valid: Dataset, task: str) -> float:
    with torch.no_grad():
        raw = network(torch.from_numpy(valid.inputs.numeric), torch.from_numpy(valid.inputs.categorical))
    target = {task: torch.tensor(valid.targets[task], dtype=torch.float32)}
    return float(task_losses(network, raw, target)[task])


def test_the_cost_of_one_stop_by_hand() -> None:
    losses = ({"a": 3.0, "b": 1.0}, {"a": 2.0, "b": 1.5}, {"a": 2.0, "b": 2.0})
    history = [
        Epoch(epoch=number, train=valid, valid=valid, score=score)
        for number, (valid, score) in enumerate(zip(losses, (0.9, 0.8, 0.85), strict=True), start=1)
    ]
    bests = Fitted(make_network(TASKS), tuple(history), 2).own_bests()
    assert {task: (best.epoch, best.loss, best.cost) for task, best in bests.items()} == {
        "a": (2, 2.0, 0.0),
        "b": (1, 1.0, 0.5),
    }


def test_the_networks_kept_are_those_of_the_best_epochs(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"learning_rate": 3e-2})
    result = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, settings), keep_own_best=True)
    bests = result.own_bests()
    assert set(result.own_best) == set(bests) == {task.name for task in TASKS}
    assert len({best.epoch for best in bests.values()}) > 1
    for task, network in result.own_best.items():
        assert loss_of(network, valid, task) == pytest.approx(bests[task].loss, rel=1e-5)
        assert loss_of(result.network, valid, task) == pytest.approx(bests[task].kept_loss, rel=1e-5)
        assert bests[task].cost >= 0


def test_keeping_them_changes_nothing_else(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"epochs": 3})
    plain, kept = (
        fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, settings), keep_own_best=keep)
        for keep in (False, True)
    )
    assert plain.own_best == {}
    assert plain.history_records() == kept.history_records()
    for ours, theirs in zip(plain.network.parameters(), kept.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)
