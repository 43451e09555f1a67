"""Calibration after training: heads take a correction in, and only where people ask for one beyond chance."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from mtl_models.correction.record import Correction
from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.training.calibration import calibrate, calibrated, calibration_of
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS
from tests.mtl_models.training.test_training import MODEL, TRAINING

ILL = Task(name="ill", kind="binary")


def labels(probability: np.ndarray, seed: int = 0) -> np.ndarray:
    return (np.random.default_rng(seed).random(len(probability)) < probability).astype(float)[:, None]


def test_too_steep_logits_are_made_flatter_and_good_ones_stay() -> None:
    logits = np.random.default_rng(1).normal(-1, 1, 4000)
    target = labels(1 / (1 + np.exp(-logits)))
    right, steep = (1 / (1 + np.exp(-slope * logits))[:, None] for slope in (1.0, 2.0))
    assert calibration_of(ILL, target, right) is None
    found = calibration_of(ILL, target, steep)
    assert found is not None
    assert found.slope[0] == pytest.approx(0.5, abs=0.05)
    assert found.of(steep)[:, 0].mean() == pytest.approx(target.mean(), abs=1e-6)
    assert calibrated(ILL, target, steep, {"test": steep})["test"] == pytest.approx(found.of(steep))


def test_nothing_is_corrected_in_nearly_all_tries_without_need() -> None:
    probability = np.random.default_rng(2).beta(1, 4, 500)
    found = [calibration_of(ILL, labels(probability, seed), probability[:, None]) for seed in range(100)]
    assert sum(each is not None for each in found) <= 4, "1 % of 100, and what chance adds"


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_head_that_took_a_correction_in_predicts_what_the_correction_makes_of_its_predictions(
    task: Task, fitted: Fitted, valid: Dataset
) -> None:
    if task.role != "main":
        return
    network = copy.deepcopy(fitted.network)
    before = predict(network, valid)[task.name]
    slope = np.full(task.n_outputs, 1.3) if kind_of(task).form == "classes" else np.linspace(0.7, 1.3, task.n_outputs)
    correction = Correction(kind_of(task).scale, tuple(slope), tuple(np.linspace(-0.4, 0.5, task.n_outputs)))
    network.head(task.name).correct(correction.slope, correction.shift)
    after = predict(network, valid)[task.name]
    np.testing.assert_allclose(after, correction.of(before), rtol=2e-4, atol=1e-5)


def test_a_network_is_calibrated_where_it_is_asked_for(train: Dataset, valid: Dataset) -> None:
    settings = TRAINING.model_copy(update={"epochs": 3})
    plain = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, settings)).network
    asked = settings.model_copy(update={"calibrate": True})
    other = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, asked)).network
    assert calibrate(plain, valid), "three epochs are too few for good probabilities"
    for name, ours in plain.state_dict().items():
        if not name.endswith(".cuts"):
            assert torch.equal(ours, other.state_dict()[name]), name
