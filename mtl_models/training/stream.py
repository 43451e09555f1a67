"""Training rows that are read shard by shard in every epoch, in a new order each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.data.shards import Shards, concatenate
from mtl_models.network.network import Network
from mtl_models.training.tensors import Tensors


@dataclass(frozen=True)
class Stream:
    """Batches of shards: shards come in a new order, and rows are shuffled among those that are held at once.

    Attributes:
        network: prepares the rows.
        buffer_rows: rows that are held before they are shuffled, and at most a shard more.
    """

    shards: Shards
    network: Network
    device: torch.device
    buffer_rows: int

    def batches(self, order: np.random.Generator, size: int) -> Iterator[Tensors]:
        """All rows once; the last batch may be smaller."""
        held: list[Dataset] = []
        for shard in order.permutation(len(self.shards)):
            held.append(self.shards.read(int(shard)))
            if sum(map(len, held)) >= max(size, self.buffer_rows):
                rows, whole = self._shuffled(held, order), sum(map(len, held)) // size * size
                yield from self._cut(rows.take(np.arange(whole)), size)
                # what fills no batch waits for the rows that come next
                held = [rows.take(np.arange(whole, len(rows)))]
        if any(map(len, held)):
            yield from self._cut(self._shuffled(held, order), size)

    def _shuffled(self, held: list[Dataset], order: np.random.Generator) -> Dataset:
        whole = concatenate(held)
        return whole.take(order.permutation(len(whole)))

    def _cut(self, rows: Dataset, size: int) -> Iterator[Tensors]:
        for start in range(0, len(rows), size):
            yield Tensors.of(rows.take(np.arange(start, min(start + size, len(rows)))), self.network, self.device)
