"""A network as the file holds it: the outputs that the kinds of its main tasks name, in a flat tuple."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.kinds.heads import Head
from mtl_models.network.predictor import Predictor, slices


class Scoring(Protocol):
    """What the file needs of a predictor or of its compact form."""

    spec: FeatureSpec
    tasks: tuple[Task, ...]

    def head(self, task: str) -> Head:
        """A task's head."""
        ...

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        ...


class ExportNetwork(nn.Module):
    """A network whose outputs are those of the file: a flat tuple, main tasks only."""

    def __init__(self, network: Scoring) -> None:
        super().__init__()
        self.network = network
        self.tasks = [task for task in network.tasks if task.role == "main"]
        self.names = [name for task in self.tasks for name in kind_of(task).output_names(task)]

    def forward(self, numeric: Tensor, categorical: Tensor) -> tuple[Tensor, ...]:
        """Outputs in the order of ``names``."""
        predictions = self.network.predictions(numeric, categorical)
        outputs: list[Tensor] = []
        for task in self.tasks:
            outputs += kind_of(task).outputs(self.network.head(task.name), predictions[task.name])
        return tuple(outputs)


@torch.no_grad()
def run_network(network: Predictor, inputs: Matrices) -> dict[str, np.ndarray]:
    """Every output that the file will have, by its name, from torch."""
    exported = ExportNetwork(network).eval()
    parts = [exported(*rows) for rows in slices(network, inputs)]
    outputs = (torch.cat(each).cpu().numpy() for each in zip(*parts, strict=True))
    return dict(zip(exported.names, outputs, strict=True))
