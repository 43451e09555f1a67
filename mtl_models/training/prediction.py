"""Predictions of a trained network."""

from __future__ import annotations

import numpy as np
import torch

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.network.network import Network

SLICE = 1024


def predict(network: Network, dataset: Dataset | Matrices) -> dict[str, np.ndarray]:
    """Predictions by task name, in the order of ``task.prediction_columns``.

    Shape:
        ``(n_rows, task.n_outputs)`` float64 each.

    Units:
        A regression's own unit, else probabilities.
    """
    inputs = dataset if isinstance(dataset, Matrices) else dataset.inputs
    device = next(network.parameters()).device
    network.eval()
    parts: dict[str, list[np.ndarray]] = {task.name: [] for task in network.tasks}
    with torch.no_grad():
        for start in range(0, max(1, len(inputs)), SLICE):
            numeric = torch.from_numpy(inputs.numeric[start : start + SLICE]).to(device)
            categorical = torch.from_numpy(inputs.categorical[start : start + SLICE]).to(device)
            for name, values in network.predictions(numeric, categorical).items():
                parts[name].append(values.cpu().numpy().astype(np.float64))
    return {name: np.concatenate(each) for name, each in parts.items()}
