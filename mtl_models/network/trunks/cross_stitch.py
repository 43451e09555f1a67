"""The cross-stitch trunk: a network a task, and after every layer each reads a learned mixture of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.dropout import Dropout
from mtl_models.network.layers import parallel_layers, repeat_rows
from mtl_models.network.trunks.base import Trunk


class CrossStitchTrunk(Trunk):
    """Columns of layers, one a task, mixed by a matrix after each layer.

    Source: Misra et al., Cross-stitch Networks for Multi-task Learning, CVPR (2016), eq. 1 and section 4.

    Differs:
        One matrix a layer, where the paper has one a channel; and columns start from random weights, where the paper
        starts them from trained single-task networks.
    """

    class Options(settings.Options):
        """The layers as in ``shared``; ``own``: a column's share of itself at the start, the rest is split evenly."""

        widths: tuple[int, ...] = Field(default=(64, 64), min_length=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)
        own: float = Field(default=0.9, ge=0, le=1)

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        n = len(tasks)
        self.widths = dict.fromkeys(tasks, options.widths[-1])
        self.input_dropout = Dropout(options.input_dropout)
        sizes = [width, *options.widths]
        self.layers = nn.ModuleList(
            [parallel_layers(n, d_in, [d_out], dropout=options.dropout) for d_in, d_out in pairwise(sizes)]
        )
        start = torch.eye(n)
        if n > 1:
            start = options.own * start + (1 - options.own) / (n - 1) * (1 - start)
        self.stitches = nn.ParameterList([start.clone() for _ in options.widths])

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        columns = repeat_rows(self.input_dropout(encoded), len(self.widths))
        for layer, stitch in zip(self.layers, self.stitches, strict=True):
            columns = stitch @ layer(columns)
        return dict(zip(self.widths, columns.unbind(dim=1), strict=True))

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The stitches: decay would cut the columns off from the heads, not from each other."""
        return self.stitches

    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """The matrices: by layer and reading task, the weight on each task's column."""
        return {
            "stitches": [
                {
                    task: dict(zip(self.widths, row, strict=True))
                    for task, row in zip(self.widths, stitch.tolist(), strict=True)
                }
                for stitch in self.stitches
            ]
        }
