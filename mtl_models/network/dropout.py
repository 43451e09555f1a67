"""Dropout whose masks cost little on a CPU."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_STEPS = 2**16


class Dropout(nn.Module):
    """Zero each value with the chance ``p`` in training and scale the others to keep the mean.

    On a CPU one random 64-bit number decides on four values, where ``nn.Dropout`` draws a number for each: its masks
    took a fifth of a training step. The chance is rounded to 1 part in 65,536. Other devices use torch's own.

    Raises:
        ValueError: for a chance that is not at least 0 and less than 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p < 1:
            raise ValueError(f"dropout: {p} is not at least 0 and less than 1")
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Values of the same shape."""
        if not self.training or not self.p:
            return values
        if values.device.type != "cpu":
            return nn.functional.dropout(values, self.p)
        dropped = round(self.p * _STEPS)
        # the whole range of 64 bits, so that each of its four parts is uniform
        drawn = torch.empty((values.numel() + 3) // 4, dtype=torch.int64).random_(-(2**63), None)
        parts = drawn.view(torch.int16)[: values.numel()].view(values.shape)
        kept = (parts >= dropped - _STEPS // 2) * (_STEPS / (_STEPS - dropped))
        # in the type of the values: under autocast a mask of 32 bits would make them 32 bits again
        return values * kept.to(values.dtype)

    def extra_repr(self) -> str:
        """The chance."""
        return f"p={self.p}"
