"""Preparing and encoding with a line of memory a column: to pick columns of a row costs a step for each number."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec
from mtl_models.network.encoders.block import Block
from mtl_models.network.preprocess import Preprocessor


class TurnedRows(nn.Module):
    """What the preprocessing and a block without embedded numbers make of raw matrices, turned.

    Shape:
        Raw matrices to ``(block.width + 1, n_rows)``; the last line holds ones.
    """

    median: Tensor
    centre: Tensor
    scale: Tensor
    n_categories: Tensor
    first: Tensor
    table: Tensor

    def __init__(self, spec: FeatureSpec, preprocess: Preprocessor, block: Block) -> None:
        super().__init__()
        self.clip = preprocess.settings.clip
        n_numbers = len(preprocess.number_columns)
        numbers = block.value_columns[block.value_columns < n_numbers]
        indicators = block.value_columns[len(numbers) :] - n_numbers
        for name in ("median", "centre", "scale"):
            self.register_buffer(name, getattr(preprocess, name)[numbers, None])
        n_numeric, n_categorical = len(spec.numeric), len(spec.categorical)
        self.numbers = Lines(preprocess.number_columns[numbers], n_numeric)
        self.indicators = Lines(preprocess.indicator_columns[indicators], n_numeric)
        self.slots = Lines(block.slot_columns, n_categorical)
        self.register_buffer("n_categories", preprocess.n_categories[block.slot_columns, None].to(torch.int32))
        self.register_buffer("first", block.first[:, None].to(torch.int32))
        self.register_buffer("table", block.embeddings().detach())

    def forward(self, numeric: Tensor, categorical: Tensor) -> Tensor:
        """Encode rows."""
        raw = numeric.T
        # false for NaN too
        known = raw.abs() <= torch.finfo(raw.dtype).max
        numbers = torch.where(self.numbers(known), self.numbers(raw), self.median)
        scaled = ((numbers - self.centre) / self.scale).clamp(-self.clip, self.clip)
        missing = (~self.indicators(known)).to(scaled.dtype)
        codes = self.slots(categorical.T)
        inside = (codes >= 0) & (codes < self.n_categories)
        slots = torch.where(inside, codes + self.first, self.n_categories + self.first)
        embedded = nn.functional.embedding(slots, self.table).transpose(1, 2).flatten(0, 1)
        return torch.cat([scaled, missing, embedded, torch.ones_like(raw[:1])])


class Lines(nn.Module):
    """Some lines of a matrix, in this order; all as they are cost nothing.

    Args:
        n_lines: how many the matrix has.
    """

    places: Tensor

    def __init__(self, places: Tensor, n_lines: int) -> None:
        super().__init__()
        self.register_buffer("places", places)
        self.all = places.tolist() == list(range(n_lines))

    def forward(self, values: Tensor) -> Tensor:
        """Pick them."""
        return values if self.all else values.index_select(0, self.places)
