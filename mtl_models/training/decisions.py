"""The numbers that tasks decide by, chosen for a trained network on its validation people."""

from __future__ import annotations

import torch

from mtl_models.data.dataset import Dataset
from mtl_models.kinds import kind_of
from mtl_models.network.predictor import Predictor
from mtl_models.training.prediction import predict


def set_cuts(network: Predictor, train: Dataset, valid: Dataset) -> None:
    """Turn each main task's rule into numbers, and keep them in its head: weights and probabilities stay as they are.

    Args:
        train: says how frequent classes are.
        valid: people whose probabilities and labels the numbers are chosen on.
    """
    tasks = [task for task in network.tasks if task.role == "main" and kind_of(task).decide(task).rule]
    if not tasks:
        return
    predictions = predict(network, valid)
    for task in tasks:
        of_task = predictions[task.name], valid.targets[task.name], train.targets[task.name]
        cuts = torch.from_numpy(kind_of(task).choose_cuts(task, *of_task))
        with torch.no_grad():
            network.head(task.name).cuts.copy_(cuts)
