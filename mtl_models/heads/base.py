"""What every head offers: raw outputs, their loss, and what they mean."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mtl_models.layers import hidden_layers
from mtl_models.tasks import Task


class Head(nn.Module):
    """Hidden layers and a last linear one, for one task.

    Shape:
        raw: ``(n_rows, n_raw)``; target: ``(n_rows, len(task.target_columns))`` float32, NaN where missing;
        predictions: ``(n_rows, task.n_outputs)``, in the order of ``task.prediction_columns``.
    """

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, n_raw: int) -> None:
        super().__init__()
        self.task = task
        self.hidden = hidden_layers(width, widths, dropout=dropout)
        self.output = nn.Linear((width, *widths)[-1], n_raw)

    def fit(self, target: np.ndarray) -> None:
        """Start from the training rows' base rate: set what depends on the targets."""

    def forward(self, representation: Tensor) -> Tensor:
        """Raw outputs."""
        raw: Tensor = self.output(self.hidden(representation))
        return raw

    def loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """The task's loss over the labelled rows."""
        raise NotImplementedError

    def predictions(self, raw: Tensor) -> Tensor:
        """The value in the task's unit, or probabilities."""
        raise NotImplementedError

    def decisions(self, predictions: Tensor) -> Tensor:
        """int64: 0 or 1, a class index, or 0 and 1 a label."""
        raise NotImplementedError

    def margin(self, predictions: Tensor) -> Tensor:
        """How far the predictions are from another decision; same shape as the decisions."""
        raise NotImplementedError

    def set_bias(self, bias: np.ndarray) -> None:
        """Let the untrained head give these raw outputs for a zero representation."""
        with torch.no_grad():
            self.output.bias.copy_(torch.from_numpy(bias))


def smoothed_logit(share: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Log-odds of a share of ``n`` cases, kept finite for a share of 0 or 1 by half a case."""
    rate = (share * n + 0.5) / (n + 1)
    return np.asarray(np.log(rate) - np.log1p(-rate))
