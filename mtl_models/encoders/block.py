"""The inputs of some feature columns as one block of floats: numbers, indicators and category embeddings."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtl_models.data import FeatureSpec
from mtl_models.layout import Layout, positions
from mtl_models.preprocess import Prepared


class Block(nn.Module):
    """Concatenates the values and the embedded categories of a part of the layout.

    Embeddings are centred on their mean over the training rows, and a slot that no training row fills gives zeros: an
    unseen category counts as an average one, not as a random one.

    Shape:
        :class:`Prepared` to ``(n_rows, width)``.
    """

    value_columns: Tensor
    slot_columns: Tensor
    column_of: Tensor
    first: Tensor
    share: Tensor

    def __init__(self, spec: FeatureSpec, layout: Layout, part: Layout, *, d_embedding: int) -> None:
        super().__init__()
        numbers = positions(part.numbers, layout.numbers)
        indicators = [len(layout.numbers) + place for place in positions(part.indicators, layout.indicators)]
        slots = positions(part.categories, layout.categories)
        sizes = [len(spec.categorical[column].categories) + 1 for column in slots]
        n_slots = sum(sizes)
        self.register_buffer("value_columns", torch.tensor(numbers + indicators, dtype=torch.int64), persistent=False)
        self.register_buffer("slot_columns", torch.tensor(slots, dtype=torch.int64), persistent=False)
        owner = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes, dtype=torch.int64))
        self.register_buffer("column_of", owner, persistent=False)
        first = torch.tensor([sum(sizes[:column]) for column in range(len(sizes))], dtype=torch.int64)
        self.register_buffer("first", first, persistent=False)
        self.register_buffer("share", torch.zeros(n_slots))
        self.table = nn.Parameter(torch.randn(n_slots, d_embedding) * 0.5) if n_slots else None
        self.width = len(numbers) + len(indicators) + len(sizes) * d_embedding

    def fit(self, train: Prepared) -> None:
        """Note how large a share of the training rows fills each slot."""
        rows = train.slots[:, self.slot_columns] + self.first
        self.share.copy_(torch.bincount(rows.flatten(), minlength=len(self.share)) / max(1, len(rows)))

    def embeddings(self) -> Tensor:
        """The embedding of each slot, centred. Shape: ``(n_slots, d_embedding)``."""
        assert self.table is not None
        weighted = self.table * self.share[:, None]
        member = (self.column_of[None, :] == torch.arange(len(self.first), device=weighted.device)[:, None]).float()
        centre = (member @ weighted)[self.column_of]
        return torch.where(self.share[:, None] > 0, self.table - centre, 0.0)

    def forward(self, prepared: Prepared) -> Tensor:
        """The block of this part of the layout."""
        values = prepared.values[:, self.value_columns]
        if self.table is None:
            return values
        # gathered after the offset: each column's slot was clamped to its own range before, so none reads a neighbour
        rows = prepared.slots[:, self.slot_columns] + self.first
        embedded = nn.functional.embedding(rows, self.embeddings())
        return torch.cat([values, embedded.flatten(1)], dim=1)
