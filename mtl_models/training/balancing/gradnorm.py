"""GradNorm."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.base import Losses
from mtl_models.training.balancing.jacobian import JacobianBalancer

_LEAST = 1e-3


class GradNorm(JacobianBalancer):
    """Keeps the tasks' gradients of like size, larger for a task that learns more slowly.

    With n the norm of a task's gradient on the shared parameters, w its weight, r its loss over its first one, divided
    by the mean of that ratio: the weights step down the gradient of the sum of ``|w n - mean(w n) r^alpha|``, the
    second term held constant, and are scaled so that the weights of the tasks present keep their sum. A task's own
    weight multiplies the weight found.

    Source: Chen et al., GradNorm, ICML 2018, equations 1 and 2, algorithm 1.

    Differs: norms over all shared parameters and not only the last layer's, which not every trunk has; heads learn from
    their own loss; no weight falls below 0.001, since a step could turn it negative; slopes are over the mean norm, so
    that the losses' scale counts for nothing: small gradients would not move the weights, large ones throw them about.
    """

    class Options(settings.Options):
        """``alpha``: strength of the pull towards equal training rates; ``learning_rate`` of the weights."""

        alpha: float = Field(default=1.5, ge=0)
        learning_rate: float = Field(default=0.025, ge=0)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = dict.fromkeys(self.weights, 1.0)
        self.first: dict[str, float] = {}

    def combine(self, rows: Tensor, losses: Losses) -> Tensor:
        """The weights of this step; those of the next are worked out on the way."""
        names = list(losses)
        weights = torch.tensor([self.found[name] for name in names], dtype=torch.float64)
        norms = rows.norm(dim=1).double().cpu()
        values = torch.stack([losses[name].detach() for name in names]).double().cpu()
        if torch.isfinite(norms).all() and torch.isfinite(values).all() and norms.any():
            self._learn(names, weights, norms, values)
        return weights.to(rows) * self.preference(losses, rows)

    def _learn(self, names: list[str], weights: Tensor, norms: Tensor, values: Tensor) -> None:
        for name, value in zip(names, values.tolist(), strict=True):
            self.first.setdefault(name, value)
        ratios = values / torch.tensor([self.first[name] for name in names], dtype=torch.float64).clamp(min=1e-12)
        rates = ratios / ratios.mean().clamp(min=1e-12)
        sizes = weights * norms
        slopes = torch.sign(sizes - sizes.mean() * rates**self.options.alpha) * norms / norms.mean()
        stepped = (weights - self.options.learning_rate * slopes).clamp(min=_LEAST)
        self.found.update(zip(names, (stepped * weights.sum() / stepped.sum()).tolist(), strict=True))
