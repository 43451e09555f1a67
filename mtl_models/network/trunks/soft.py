"""The soft-shared trunk: one multi-layer perceptron a task, held together by a penalty on their distance."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import combinations
from typing import Annotated, Any, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.dropout import Dropout
from mtl_models.network.layers import hidden_layers
from mtl_models.network.trunks.base import Trunk


class SoftTrunk(Trunk):
    """A trunk per task; the penalty draws their parameters together.

    All trunks start from the same weights. With ``strength`` 0 they are those of single-task networks, with
    ``infinite`` they are one shared trunk.

    Source:
        ``l2``: Duong et al., Low Resource Dependency Parsing, ACL (2015), section 3.
        ``trace``: Yang and Hospedales, Trace Norm Regularised Deep Multi-Task Learning (2016), eq. 3, "last axis
        flattening".

    Differs:
        For ``l2`` the distance is taken to the mean of all tasks, where Duong has one source and one target.
    """

    class Options(settings.Options):
        """The layers as in ``shared``; ``distance``: ``l2`` or ``trace``.

        ``strength``: factor on it, 0 or more, or ``infinite``.
        """

        widths: tuple[int, ...] = Field(default=(64, 64), min_length=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)
        distance: Literal["l2", "trace"] = "l2"
        strength: Annotated[float, Field(ge=0, allow_inf_nan=False)] | Literal["infinite"] = 1e-2

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        self.options = options
        self.widths = dict.fromkeys(tasks, options.widths[-1])
        self.input_dropout = Dropout(options.input_dropout)
        first = hidden_layers(width, options.widths, dropout=options.dropout)
        n_trunks = 1 if options.strength == "infinite" else len(tasks)
        self.layers = nn.ModuleList([first, *(copy.deepcopy(first) for _ in range(n_trunks - 1))])

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        encoded = self.input_dropout(encoded)
        if len(self.layers) == 1:
            return dict.fromkeys(self.widths, self.layers[0](encoded))
        return {task: layers(encoded) for task, layers in zip(self.widths, self.layers, strict=True)}

    def penalty(self) -> Tensor | None:
        """``strength`` times the sum over all weights and biases of the distance between the tasks' copies."""
        strength = self.options.strength
        if len(self.layers) == 1 or strength == "infinite" or not strength:
            return None
        distance = squared_spread if self.options.distance == "l2" else trace_norm
        return strength * torch.stack([distance(copies) for copies in self._copies()]).sum()

    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """Distance between each two tasks' parameters, relative to the mean of their lengths."""
        if len(self.layers) == 1:
            return {}
        with torch.no_grad():
            flat = torch.cat(self._copies(), dim=1)
            lengths = flat.norm(dim=1)
            pairs = combinations(enumerate(self.widths), 2)
            return {
                "distance": {
                    f"{one}, {other}": float((flat[i] - flat[j]).norm() * 2 / (lengths[i] + lengths[j]))
                    for (i, one), (j, other) in pairs
                }
            }

    def _copies(self) -> list[Tensor]:
        """Each parameter of all tasks. Shape: ``(n_tasks, size)`` each."""
        of_tasks = zip(*(layers.parameters() for layers in self.layers), strict=True)
        return [torch.stack([each.flatten() for each in copies]) for copies in of_tasks]


def squared_spread(copies: Tensor) -> Tensor:
    """Sum of squared distances of the rows from their mean."""
    return (copies - copies.mean(dim=0)).square().sum()


def trace_norm(copies: Tensor) -> Tensor:
    """Sum of the singular values: the smaller, the fewer directions the rows need."""
    norm: Tensor = torch.linalg.svdvals(copies).sum()
    return norm
