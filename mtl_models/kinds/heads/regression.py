"""The head of a regression task."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_models.data.tasks import Task
from mtl_models.kinds.heads.base import Head
from mtl_models.training.losses import squared_error


class RegressionHead(Head):
    """Raw outputs are standardised; predictions are in the task's unit."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int = 0) -> None:
        super().__init__(task, width, widths, dropout=dropout, members=members, n_raw=1)
        self.register_buffer("mean", torch.zeros(1))
        self.register_buffer("deviation", torch.ones(1))

    def fit(self, target: np.ndarray) -> None:
        """Take mean and deviation of the labelled training rows."""
        known = target[~np.isnan(target)]
        self.mean.fill_(float(known.mean()))
        self.deviation.fill_(float(known.std()) or 1.0)
        self.set_bias(np.zeros(1))

    @property
    def unit(self) -> float:
        """The deviation: numbers are compared on the standardised scale."""
        return float(self.deviation)

    def correct(self, slope: Sequence[float], shift: Sequence[float]) -> None:
        """As others do.

        Units:
            the shift is in the task's unit.
        """
        mean, deviation = float(self.mean), float(self.deviation)
        moved = [(steep * mean + each - mean) / deviation for steep, each in zip(slope, shift, strict=True)]
        super().correct(slope, moved)

    def combine(self, raw: Tensor) -> Tensor:
        """The mean of the members' predictions."""
        return raw.mean(dim=1)

    def row_loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """Squared error on the standardised scale."""
        return squared_error(raw, (target - self.mean) / self.deviation)

    def predictions(self, raw: Tensor) -> Tensor:
        """The value in the task's unit."""
        return raw * self.deviation + self.mean
