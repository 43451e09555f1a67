"""Dynamic weight average."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field

from mtl_models import settings
from mtl_models.training.balancing.base import Losses, WeightedBalancer


class DWA(WeightedBalancer):
    """More weight for a task whose loss fell less from the last epoch but one to the last.

    With K losses in the batch and r the ratio of a task's last two epoch means, ``K * softmax(r / temperature)``, times
    the task's own weight. A task that has not two epochs yet has r = 1.

    Source: Liu, Johns, Davison, End-to-End Multi-Task Learning with Attention, CVPR 2019, equation 7.
    """

    class Options(settings.Options):
        """``temperature``: larger is more even."""

        temperature: float = Field(default=2.0, gt=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.means: dict[str, list[float]] = {name: [] for name in self.weights}

    def end_epoch(self, losses: Mapping[str, float]) -> None:
        """Take the means of an epoch; a task that was absent from it keeps its older ones."""
        for name, loss in losses.items():
            self.means[name] = [*self.means[name][-1:], loss]

    def weigh(self, losses: Losses) -> dict[str, float]:
        """The weight of each loss."""
        names = sorted(losses)
        rates = torch.tensor([self._rate(name) for name in names])
        weights = len(names) * torch.softmax(rates / self.options.temperature, dim=0)
        return dict(zip(names, weights.tolist(), strict=True))

    def _rate(self, name: str) -> float:
        older, newer = self.means[name] if len(self.means[name]) == 2 else (1.0, 1.0)
        return newer / older if older > 0 else 1.0
