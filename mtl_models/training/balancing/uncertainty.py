"""Uncertainty weighting."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mtl_models.kinds import kind_of
from mtl_models.training.balancing.base import Balancer, Losses, back_propagate


class Uncertainty(Balancer):
    """Weights learned with the network: each task has a log-variance ``s``.

    A task's term is ``factor * exp(-s) * loss + s / 2``, the factor that of its kind: one half for a squared error, 1
    for a log-loss. A task's own weight multiplies its whole term, so that it does not move the ``s`` at which the
    term is least.

    Source: Kendall, Gal, Cipolla, Multi-Task Learning Using Uncertainty to Weigh Losses, CVPR 2018, equation 10 with
    s = log(sigma^2).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.factors = {task.name: kind_of(task).loss_factor for task in self.tasks}
        device = self.shared[0].device if self.shared else None
        self.log_variances = {name: nn.Parameter(torch.zeros((), device=device)) for name in sorted(self.weights)}

    def parameters(self) -> list[nn.Parameter]:
        """The log-variances."""
        return list(self.log_variances.values())

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Back-propagate the sum of the terms."""
        terms = []
        for name in sorted(losses):
            s = self.log_variances[name]
            terms.append(self.weights[name] * (self.factors[name] * torch.exp(-s) * losses[name] + s / 2))
        back_propagate(torch.stack(terms).sum(), penalty)
