"""A dataset as tensors on the training device, and the losses of its tasks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mtl_models.data import Dataset
from mtl_models.network import Network
from mtl_models.preprocess import Prepared


@dataclass(frozen=True)
class Tensors:
    """A dataset on the training device, its inputs prepared."""

    prepared: Prepared
    targets: dict[str, Tensor]

    @classmethod
    @torch.no_grad()
    def of(cls, dataset: Dataset, network: Network, device: torch.device) -> Tensors:
        """Prepare a dataset's inputs and move the targets of the network's tasks."""
        numeric, categorical = torch.from_numpy(dataset.inputs.numeric), torch.from_numpy(dataset.inputs.categorical)
        prepared = Prepared(*(part.to(device) for part in network.preprocess(numeric, categorical)))
        targets = {
            task.name: torch.tensor(dataset.targets[task.name], dtype=torch.float32, device=device)
            for task in network.tasks
        }
        return cls(prepared, targets)

    def __len__(self) -> int:
        return len(self.prepared.values)

    def take(self, rows: Tensor) -> Tensors:
        """The rows of an index."""
        targets = {name: target[rows] for name, target in self.targets.items()}
        return Tensors(Prepared(*(part[rows] for part in self.prepared)), targets)


def task_losses(network: Network, raw: dict[str, Tensor], targets: dict[str, Tensor]) -> dict[str, Tensor]:
    """Loss by task name; a task without a label among the rows is left out, not counted as zero."""
    return {
        name: network.head(name).loss(raw[name], target)
        for name, target in targets.items()
        if not bool(target.isnan().all())
    }


def batch_losses(network: Network, batch: Tensors) -> dict[str, Tensor]:
    """Loss by task name of a batch."""
    return task_losses(network, network.outputs(batch.prepared), batch.targets)
