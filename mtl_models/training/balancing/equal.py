"""Equal weights: the sum of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_models.training.balancing.base import Balancer, Losses, back_propagate


class Equal(Balancer):
    """The sum of the losses, each times its task's own weight."""

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Back-propagate the sum."""
        back_propagate(torch.stack([loss * self.weights[name] for name, loss in losses.items()]).sum(), penalty)
