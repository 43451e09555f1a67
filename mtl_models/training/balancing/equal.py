"""Equal weights: the sum of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_models.training.balancing.base import Balancer, Losses, back_propagate, times


class Equal(Balancer):
    """The sum of the losses, each times its task's own weight."""

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Back-propagate the sum."""
        weighted = [times(loss, self.weights[name]) for name, loss in losses.items()]
        back_propagate(torch.stack(weighted).sum(), penalty)
