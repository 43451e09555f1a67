"""Predictions of a trained network."""

from __future__ import annotations

import numpy as np
import torch

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.network.predictor import Predictor, slices


def predict(network: Predictor, dataset: Dataset | Matrices) -> dict[str, np.ndarray]:
    """Predictions by task name, in the order of ``task.prediction_columns``.

    Shape:
        ``(n_rows, task.n_outputs)`` float64 each.

    Units:
        A regression's own unit, else probabilities.
    """
    inputs = dataset if isinstance(dataset, Matrices) else dataset.inputs
    network.eval()
    parts: dict[str, list[np.ndarray]] = {task.name: [] for task in network.tasks}
    with torch.no_grad():
        for rows in slices(network, inputs):
            for name, values in network.predictions(*rows).items():
                parts[name].append(values.cpu().numpy().astype(np.float64))
    return {name: np.concatenate(each) for name, each in parts.items()}
