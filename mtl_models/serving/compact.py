"""A network as the file computes it: the same numbers in fewer and cheaper steps."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

import torch
from torch import Tensor, nn

from mtl_models.kinds.heads import Head
from mtl_models.network.encoders.plain import PlainEncoder
from mtl_models.network.network import Network
from mtl_models.network.predictor import Predictor
from mtl_models.network.trunks.shared import SharedTrunk
from mtl_models.serving.exported import Scoring
from mtl_models.serving.turned import TurnedRows


class CompactNetwork(nn.Module):
    """The plain encoder and the shared trunk of a network, arranged for one pass over few rows.

    Encoded rows are turned, so that a product takes its columns as whole lines of memory; each view's first layer is a
    product of its own columns, on top of one with the columns that it shares; what follows runs once a view.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        assert isinstance(network.encoder, PlainEncoder)
        self.spec, self.tasks = network.spec, network.tasks
        self.encode = TurnedRows(network.spec, network.preprocess, network.encoder.block)
        layers, views = network.trunk.layers, network.views
        weight, self.bias = layers[0].weight.detach(), layers[0].bias
        width, seen = weight.shape[1], {tuple(task.name for task in self.tasks): frozenset(range(weight.shape[1]))}
        if views is not None:
            # behind the columns one for each view, of ones: its weights are what the view's shift adds
            weight = torch.cat([weight, weight @ views.shift.detach().T], dim=1)
            masks = zip(views.views, views.mask.tolist(), strict=True)
            seen = {
                view.tasks: frozenset([*(column for column in range(width) if mask[column]), width + place])
                for place, (view, mask) in enumerate(masks)
            }
        self.first = FirstLayer(seen, weight, width)
        self.rest = layers[1:]
        self.heads = network.heads
        self._head = network.head

    def head(self, task: str) -> Head:
        """A task's head."""
        return self._head(task)

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        found: dict[str, Tensor] = {}
        for tasks, hidden in self.first(self.encode(numeric, categorical), self.bias).items():
            representation = self.rest(hidden)
            found |= {task: self.head(task).predictions(self.head(task)(representation)) for task in tasks}
        return found


class FirstLayer(nn.Module):
    """A linear layer of several views' rows: a product that all of them share, then those of some of them each.

    Args:
        seen: the columns that each view sees, by its tasks. No product of a view has another column, so that what is
            hidden from it has no effect on it.
        weight: a column of ones has the last number and any after it.
        width: how many columns are not of ones.

    Shape:
        weight: ``(d_out, width or more)``; from ``(width + 1, n_rows)`` to ``(n_rows, d_out)`` a view.
    """

    columns: Tensor
    weight: Tensor

    def __init__(self, seen: Mapping[tuple[str, ...], frozenset[int]], weight: Tensor, width: int) -> None:
        super().__init__()
        common = sorted(frozenset.intersection(*seen.values()))
        self.register_buffer("columns", torch.tensor(common, dtype=torch.int64).clamp(max=width))
        self.register_buffer("weight", weight[:, common].T.contiguous())
        self.views = tuple(seen)
        left = {view: columns.difference(common) for view, columns in seen.items()}
        self.parts = nn.ModuleList(FirstLayer(part, weight, width) for part in _parts(left))

    def forward(self, encoded: Tensor, onto: Tensor) -> dict[tuple[str, ...], Tensor]:
        """What the layer gives each view, by its tasks; ``onto`` is added to it."""
        if len(self.columns):
            onto = torch.addmm(onto, encoded.index_select(0, self.columns).T, self.weight)
        if not self.parts:
            return dict.fromkeys(self.views, onto)
        return dict(chain.from_iterable(part(encoded, onto).items() for part in self.parts))


def _parts(
    seen: Mapping[tuple[str, ...], frozenset[int]],
) -> list[dict[tuple[str, ...], frozenset[int]]]:
    """Two parts of several views, those that little is hidden from together: what a view hides is added more often."""
    if len(seen) == 1:
        return []
    every = frozenset.union(*seen.values())
    piles = [(len(every - columns), {view: columns}) for view, columns in seen.items()]
    while len(piles) > 2:
        first, second, *others = sorted(piles, key=lambda pile: pile[0])
        piles = [*others, (first[0] + second[0], first[1] | second[1])]
    return [views for _, views in piles]


def compact(network: Predictor) -> Scoring:
    """The compact form of a network, or the network itself where there is none."""
    suits = (
        isinstance(network, Network)
        and isinstance(network.encoder, PlainEncoder)
        and network.encoder.block.numbers is None
        and network.encoder.block.table is not None
        and network.spec.numeric
        and isinstance(network.trunk, SharedTrunk)
        and len(network.trunk.layers)
    )
    return CompactNetwork(network) if suits and isinstance(network, Network) else network
