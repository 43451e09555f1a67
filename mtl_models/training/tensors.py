"""A dataset as tensors on the training device, and the losses of its tasks."""

from __future__ import annotations

from collections.abc import Container, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from mtl_models.data.dataset import Dataset
from mtl_models.network.network import Network
from mtl_models.network.preprocess import Prepared


class Batches(Protocol):
    """Training rows, wherever they are."""

    def batches(self, order: np.random.Generator, size: int) -> Iterator[Tensors]:
        """All rows once, in a new order, so many at a time; the last batch may be smaller."""
        ...


@dataclass(frozen=True)
class Tensors:
    """A dataset on the training device, its inputs prepared.

    Attributes:
        labelled: by task, which rows have a label; on the CPU, so that no step waits for the device to ask.
    """

    prepared: Prepared
    targets: dict[str, Tensor]
    labelled: dict[str, np.ndarray]

    @classmethod
    @torch.no_grad()
    def of(cls, dataset: Dataset, network: Network, device: torch.device) -> Tensors:
        """Prepare a dataset's inputs and move the targets of the network's tasks."""
        here = network.preprocess.median.device
        raw = dataset.inputs.numeric, dataset.inputs.categorical
        numeric, categorical = (torch.from_numpy(part).to(here) for part in raw)
        prepared = Prepared(*(part.to(device) for part in network.preprocess(numeric, categorical)))
        targets = {
            task.name: torch.tensor(dataset.targets[task.name], dtype=torch.float32, device=device)
            for task in network.tasks
        }
        labelled = {name: _has_label(dataset.targets[name]) for name in targets}
        return cls(prepared, targets, labelled)

    def __len__(self) -> int:
        return len(self.prepared.values)

    def take(self, rows: np.ndarray, at: Tensor | None = None) -> Tensors:
        """The rows of an index; ``at`` is the same index on the device, if it is there already."""
        at = torch.from_numpy(rows).to(self.prepared.values.device) if at is None else at
        # a row lies in one piece: index_select takes a third of the time of indexing
        targets = {name: target.index_select(0, at) for name, target in self.targets.items()}
        labelled = {name: has[rows] for name, has in self.labelled.items()}
        return Tensors(Prepared(*(part.index_select(0, at) for part in self.prepared)), targets, labelled)

    def batches(self, order: np.random.Generator, size: int) -> Iterator[Tensors]:
        """All rows once, in a new order; the last batch may be smaller."""
        rows = order.permutation(len(self))
        moved = torch.from_numpy(rows).to(self.prepared.values.device)
        for start in range(0, len(rows), size):
            part = slice(start, start + size)
            yield self.take(rows[part], moved[part])

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks that at least one row has a label of."""
        return tuple(name for name, has in self.labelled.items() if has.any())


def _has_label(target: np.ndarray) -> np.ndarray:
    has: np.ndarray = ~np.isnan(target.reshape(len(target), -1)).all(axis=1)
    return has


def task_losses(
    network: Network, raw: dict[str, Tensor], targets: dict[str, Tensor], labelled: Container[str] | None = None
) -> dict[str, Tensor]:
    """Loss by task name; a task without a label among the rows is left out, not counted as zero.

    Args:
        labelled: names of the tasks with a label; without them the targets are asked, which waits for the device.
    """
    return {
        name: network.head(name).loss(raw[name], target)
        for name, target in targets.items()
        if (name in labelled if labelled is not None else not bool(target.isnan().all()))
    }


def batch_losses(network: Network, batch: Tensors, *, bfloat16: bool = False) -> dict[str, Tensor]:
    """Loss by task name of a batch, in float32.

    Args:
        bfloat16: run the network under autocast, so that its products are of 16 bits.
    """
    device = batch.prepared.values.device.type
    with torch.autocast(device, torch.bfloat16) if bfloat16 else nullcontext():
        raw = network.outputs(batch.prepared)
    return task_losses(network, {name: each.float() for name, each in raw.items()}, batch.targets, batch.tasks)
