"""Fixed weights by task name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from mtl_models import settings
from mtl_models.training.balancing.base import Losses, WeightedBalancer


class Fixed(WeightedBalancer):
    """Weights from the params, times the task's own; 1 for a task that is not named."""

    class Options(settings.Options):
        """``weights`` by task name."""

        weights: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)

    def weigh(self, losses: Losses) -> dict[str, float]:
        """The weight of each loss."""
        return {name: self.options.weights.get(name, 1.0) for name in losses}
