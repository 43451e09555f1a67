"""Random loss weighting."""

from __future__ import annotations

import zlib
from typing import Any

import torch

from mtl_models.training.balancing.base import Losses, WeightedBalancer


class Random(WeightedBalancer):
    """New random weights each step: a softmax of standard normal draws, times the task's own weight.

    Source: Lin et al., Reasonable Effectiveness of Random Weighting, TMLR 2022, algorithm 2.

    Differs: the weights sum to the number of losses and not to 1, so that the step is as long as with equal weights.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # a stream a task: neither the order of the tasks nor an absent one changes another's draws
        self.streams = {
            name: torch.Generator().manual_seed(zlib.crc32(f"{self.seed} {name}".encode())) for name in self.weights
        }

    def weigh(self, losses: Losses) -> dict[str, float]:
        """The weight of each loss."""
        names = sorted(losses)
        draws = torch.cat([torch.randn(1, generator=self.streams[name]) for name in names])
        return dict(zip(names, (len(names) * torch.softmax(draws, dim=0)).tolist(), strict=True))
