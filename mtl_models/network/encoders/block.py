"""The inputs of some feature columns as one block of floats: numbers, indicators and category embeddings."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout, positions
from mtl_models.network.encoders.numbers import NumberOptions
from mtl_models.network.preprocess import Prepared


class Block(nn.Module):
    """Concatenates the values and the embedded categories of a part of the layout.

    Where numbers are embedded, those of two values are not.

    Embeddings are centred on their mean over the training rows, and a slot that no training row fills gives zeros: an
    unseen category counts as an average one, not as a random one.

    Attributes:
        owners: the feature of each column, an indicator's being the first that it stands for.
        chunks: how many columns each number, indicator and category takes, in their order.

    Shape:
        :class:`Prepared` to ``(n_rows, width)``.
    """

    value_columns: Tensor
    slot_columns: Tensor
    column_of: Tensor
    first: Tensor
    share: Tensor

    def __init__(
        self,
        spec: FeatureSpec,
        layout: Layout,
        part: Layout,
        *,
        d_embedding: int,
        numbers_as: NumberOptions | None = None,
    ) -> None:
        super().__init__()
        # numbers of two values stay as they are: an embedding of them would be a line, and cost as much as a curve
        embedded = part.graded if numbers_as else ()
        named = (*embedded, *(name for name in part.numbers if name not in embedded))
        numbers = positions(named, layout.numbers)
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
        self.numbers = numbers_as.build(len(embedded)) if numbers_as and embedded else None
        d_number = self.numbers.d_embedding if self.numbers else 1
        self.n_numbers = len(embedded)
        n_plain = len(numbers) - len(embedded) + len(indicators)
        self.chunks = [d_number] * len(embedded) + [1] * n_plain + [d_embedding] * len(sizes)
        names = (*named, *part.indicators, *part.categories)
        self.owners = [name for name, size in zip(names, self.chunks, strict=True) for _ in range(size)]
        self.width = sum(self.chunks)

    def fit(self, train: Prepared) -> None:
        """Note how large a share of the training rows fills each slot, and fit the numbers' embeddings."""
        rows = train.slots[:, self.slot_columns] + self.first
        self.share.copy_(torch.bincount(rows.flatten(), minlength=len(self.share)) / max(1, len(rows)))
        if self.numbers is not None:
            self.numbers.fit(train.values[:, self.value_columns][:, : self.n_numbers])

    def undecayed(self) -> Iterable[nn.Parameter]:
        """What the embedding of numbers names; one of categories is drawn to its centre, as a rare slot should be."""
        return () if self.numbers is None else self.numbers.undecayed()

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
        if self.numbers is not None:
            embedded = self.numbers(values[:, : self.n_numbers]).flatten(1)
            values = torch.cat([embedded, values[:, self.n_numbers :]], dim=1)
        if self.table is None:
            return values
        # gathered after the offset: each column's slot was clamped to its own range before, so none reads a neighbour
        rows = prepared.slots[:, self.slot_columns] + self.first
        embedded = nn.functional.embedding(rows, self.embeddings())
        return torch.cat([values, embedded.flatten(1)], dim=1)
