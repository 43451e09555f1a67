"""The grid encoder: features laid out on a grid, related ones side by side, and convolutions over it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from pydantic import Field, field_validator
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.dropout import Dropout
from mtl_models.network.encoders.base import Encoder
from mtl_models.network.encoders.block import Block
from mtl_models.network.preprocess import Prepared


class GridEncoder(Encoder):
    """A cell a feature, an image a person; convolution, ReLU and max-pooling, then one linear layer.

    Cells follow :func:`correlation_order` of the training rows along a snake (left to right, then right to left), so
    that features that follow each other are neighbours. The grid is as square as it can be; cells left over are 0.

    Source: LeCun et al., Gradient-based learning applied to document recognition, Proc. IEEE (1998), section II;
    Sharma et al., DeepInsight, Scientific Reports 9 (2019), for the idea of placing related features side by side.

    Differs:
        DeepInsight places by t-SNE; a chain of correlations needs no random start and leaves no cell shared.
    """

    class Options(settings.Options):
        """``d_cell``: channels of a cell; ``channels`` of each convolution; ``kernel``: its side, odd; ``pool``.

        ``width``: of the linear layer; ``dropout`` after it.
        """

        d_cell: int = Field(default=4, ge=1)
        channels: tuple[int, ...] = Field(default=(16, 32), min_length=1)
        kernel: int = Field(default=3, ge=1)
        pool: int = Field(default=2, ge=1)
        width: int = Field(default=64, ge=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)

        @field_validator("kernel")
        @classmethod
        def _require_odd(cls, value: int) -> int:
            if value % 2 == 0:
                raise ValueError(f"{value} is even: the middle of a filter needs an odd side")
            return value

    cells: Tensor

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self.width = options.width
        self.names = (*layout.numbers, *(f"{name}: missing" for name in layout.indicators), *layout.categories)
        self.n_values, n_cells = layout.n_values, len(self.names)
        # categories alone; numbers and indicators get a line in the space of a cell
        categories = Layout(numbers=(), indicators=(), categories=layout.categories)
        self.block = Block(spec, layout, categories, d_embedding=options.d_cell)
        self.slope = nn.Parameter(torch.randn(self.n_values, options.d_cell) * 0.5) if self.n_values else None
        self.n_columns = math.ceil(math.sqrt(n_cells))
        self.n_rows = math.ceil(n_cells / self.n_columns)
        self.register_buffer("cells", snake(list(range(n_cells)), self.n_rows, self.n_columns))
        stages: list[nn.Module] = []
        d_in, side = options.d_cell, (self.n_rows, self.n_columns)
        for d_out in options.channels:
            stages += [
                nn.Conv2d(d_in, d_out, options.kernel, padding=options.kernel // 2),
                # the largest of what ReLU gives is what ReLU gives for the largest, and costs less
                nn.MaxPool2d(options.pool, ceil_mode=True),
                nn.ReLU(),
            ]
            d_in, side = d_out, (math.ceil(side[0] / options.pool), math.ceil(side[1] / options.pool))
        self.convolve = nn.Sequential(*stages)
        self.dense = nn.Sequential(
            nn.Linear(d_in * side[0] * side[1], options.width), nn.ReLU(), Dropout(options.dropout)
        )

    def fit(self, train: Prepared) -> None:
        """Set the embeddings' centres and lay out the grid."""
        self.block.fit(train)
        order = correlation_order(_columns(train))
        self.cells.copy_(snake(order, self.n_rows, self.n_columns))

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The line of each number."""
        return () if self.slope is None else (self.slope,)

    def forward(self, prepared: Prepared) -> Tensor:
        """Encode rows."""
        parts: list[Tensor] = []
        if self.slope is not None:
            parts.append(prepared.values.unsqueeze(2) * self.slope)
        if self.block.chunks:
            parts.append(self.block(prepared).unflatten(1, (len(self.block.chunks), -1)))
        # an empty cell after the last, for the places left over
        cells = nn.functional.pad(torch.cat(parts, dim=1), (0, 0, 0, 1))
        flat = cells.index_select(1, self.cells).transpose(1, 2)
        image = torch.unflatten(flat, 2, (self.n_rows, self.n_columns))
        encoded: Tensor = self.dense(self.convolve(image).flatten(1))
        return encoded

    def report(self, prepared: Prepared | None) -> dict[str, Any]:
        """The grid: names of the features, row by row, empty where there is none."""
        names = [*self.names, ""]
        return {"grid": [[names[cell] for cell in row] for row in self.cells.view(self.n_rows, -1).tolist()]}


def _columns(train: Prepared) -> list[np.ndarray]:
    """Number columns of each cell: a value, or the slots of a category. Shape: ``(n_rows, n)`` each."""
    values, slots = train.values.double().numpy(), train.slots.numpy()
    sizes = slots.max(axis=0, initial=0) + 1
    return [
        *(column[:, None] for column in values.T),
        *(np.eye(n)[each] for each, n in zip(slots.T, sizes, strict=True)),
    ]


def correlation_order(columns: Sequence[np.ndarray]) -> list[int]:
    """A chain through the features, each followed by the one that it is most correlated with of those left.

    The association of two features is the largest absolute correlation of a column of one with a column of the other.
    The chain starts at the feature with the largest sum of associations; ties go to the earlier feature.
    """
    owner = np.repeat(np.arange(len(columns)), [each.shape[1] for each in columns])
    together = np.concatenate(list(columns), axis=1)
    together = together - together.mean(axis=0)
    length = np.sqrt((together**2).sum(axis=0))
    scaled = together / np.where(length > 0, length, 1.0)
    # rounded, so that the last bits of a product cannot decide between equals
    correlation = np.abs(scaled.T @ scaled).round(9)
    association = np.zeros((len(columns), len(columns)))
    np.maximum.at(association, (owner[:, None], owner[None, :]), correlation)
    np.fill_diagonal(association, 0.0)
    order = [int(association.sum(axis=1).round(6).argmax())]
    left = np.ones(len(columns), dtype=bool)
    left[order[0]] = False
    while left.any():
        order.append(int(np.where(left, association[order[-1]], -1.0).argmax()))
        left[order[-1]] = False
    return order


def snake(order: Sequence[int], n_rows: int, n_columns: int) -> Tensor:
    """The cell at each place of a grid, row by row, every other row backwards; ``len(order)`` where none is left."""
    filled = [*order, *[len(order)] * (n_rows * n_columns - len(order))]
    rows = [filled[row * n_columns : (row + 1) * n_columns] for row in range(n_rows)]
    turned = [row[::-1] if number % 2 else row for number, row in enumerate(rows)]
    return torch.tensor([cell for row in turned for cell in row], dtype=torch.int64)
