"""Fast adaptive multitask optimisation."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.training.balancing.base import Losses, WeightedBalancer

# a loss of zero has no logarithm; a share of the mean loss, so that the losses' scale counts for nothing
_LEAST, _NONE = 1e-8, 1e-30


def _above_zero(losses: Tensor, scale: Tensor) -> Tensor:
    return losses + _LEAST * scale.mean() + _NONE


class FAMO(WeightedBalancer):
    """Lets all losses fall at about the same rate, at the cost of a second forward pass and no further backward pass.

    With z the softmax of the logits, the weights are ``z / loss`` over their sum, so that they sum to 1, times the
    task's own weight. After the step the logits take a step of Adam along the log-losses' fall.

    Source: Liu et al., FAMO: Fast Adaptive Multitask Optimization, NeurIPS 2023, algorithm 1.
    """

    class Options(settings.Options):
        """``learning_rate`` and ``weight_decay`` (gamma in the paper) of the logits."""

        learning_rate: float = Field(default=0.025, ge=0)
        weight_decay: float = Field(default=1e-3, ge=0)

    replays = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logits = {name: nn.Parameter(torch.zeros(())) for name in sorted(self.weights)}
        # a parameter a task: Adam passes over the ones without a gradient, the absent tasks
        self.optimizer = torch.optim.Adam(
            self.logits.values(), lr=self.options.learning_rate, weight_decay=self.options.weight_decay
        )

    def shares(self, names: list[str]) -> Tensor:
        """Softmax of the logits of these tasks."""
        return torch.softmax(torch.stack([self.logits[name] for name in names]), dim=0)

    def weigh(self, losses: Losses) -> dict[str, float]:
        """The weight of each loss."""
        names = sorted(losses)
        with torch.no_grad():
            values = torch.stack([losses[name] for name in names]).double().cpu()
            ratios = self.shares(names) / _above_zero(values, values)
        return dict(zip(names, (ratios / ratios.sum()).tolist(), strict=True))

    def after_step(self, before: Losses, after: Losses) -> None:
        """One step of the logits along the fall of the log-losses."""
        names = sorted(before)
        earlier, later = (
            torch.stack([losses[name] for name in names]).detach().double().cpu() for losses in (before, after)
        )
        fall = torch.log(_above_zero(earlier, earlier)) - torch.log(_above_zero(later, earlier))
        # a step that blew the losses up says nothing about the weights
        if torch.isfinite(fall).all():
            self.optimizer.zero_grad()
            torch.autograd.backward(self.shares(names), fall.float())
            self.optimizer.step()
