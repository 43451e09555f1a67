"""Multi-task learning as a bargaining game."""

from __future__ import annotations

from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.gramians import bargained, lengths_and_cosines
from mtl_models.training.balancing.jacobian import GramianBalancer


class NashMTL(GramianBalancer):
    """The Nash bargaining solution between the tasks, each wanting the step along its own gradient.

    A task's own weight multiplies the weight found, which does not depend on the scale of a loss. Each set of tasks
    that occurs together in a batch keeps weights of its own between the steps at which they are found.

    Source: Navon et al., Multi-Task Learning as a Bargaining Game, ICML 2022, claim 3.1.

    Differs: the weights are where a convex function is least, and found to the last digits; the paper's sequence of
    convex programs often ends elsewhere.
    """

    class Options(settings.Options):
        """``max_norm`` of the combined gradient, 0 for none; weights are found ``every`` so many steps."""

        max_norm: float = Field(default=1.0, ge=0)
        every: int = Field(default=1, ge=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found: dict[tuple[str, ...], tuple[int, Tensor]] = {}

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        age, weights = self.found.get(names, (0, torch.zeros(0)))
        if age % self.options.every == 0:
            lengths, cosines = lengths_and_cosines(rows)
            weights = bargained(cosines) / lengths
        self.found[names] = (age + 1, weights)
        if self.options.max_norm:
            norm = float((weights.to(rows) @ rows).norm())
            weights = weights * min(1.0, self.options.max_norm / norm) if norm else weights
        return weights * preference.cpu()
