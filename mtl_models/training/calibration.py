"""Calibration of a trained network: each head's shift and slope, where validation people ask for them beyond chance."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtl_models.correction.fitting import INTERCEPT, SLOPE, correction_of
from mtl_models.correction.ladder import climb
from mtl_models.correction.parts import parts_of
from mtl_models.correction.record import Correction
from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.network.predictor import Predictor
from mtl_models.training.prediction import predict

CHANCE = 0.01


def calibration_of(task: Task, target: np.ndarray, prediction: np.ndarray) -> Correction | None:
    """The correction that people ask for who were not trained on; none where what it would change is within chance.

    The parts of a task (a number, each label, the classes together) are tested beside each other, at one chance in a
    hundred; other tasks play no part, so that a model of one task is treated as one of many is.

    Shape:
        target: ``(n, len(task.target_columns))``, NaN where missing; prediction: ``(n, task.n_outputs)``.
    """
    if not kind_of(task).scale:
        return None
    climbs = climb(list(parts_of(task, target, prediction)), chance=CHANCE)
    fits = [(each.part, each.fits[each.chosen]) for each in climbs if each.chosen in (INTERCEPT, SLOPE)]
    return correction_of(task, fits) if fits else None


def calibrate(network: Predictor, valid: Dataset) -> dict[str, Correction]:
    """Correct the heads of a network's main tasks; their last layers take the correction in, and the graph stays.

    Returns:
        by task, what was corrected.
    """
    found: dict[str, Correction] = {}
    predictions = predict(network, valid)
    for task in network.tasks:
        if task.role == "main" and network.head(task.name).can_be_corrected:
            correction = calibration_of(task, valid.targets[task.name], predictions[task.name])
            if correction is not None:
                network.head(task.name).correct(correction.slope, correction.shift)
                found[task.name] = correction
    return found


def calibrated(
    task: Task, target: np.ndarray, prediction: np.ndarray, others: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Predictions of some parts after the correction that validation people ask for, for models that are no network."""
    correction = calibration_of(task, target, prediction)
    return dict(others) if correction is None else {part: correction.of(each) for part, each in others.items()}
