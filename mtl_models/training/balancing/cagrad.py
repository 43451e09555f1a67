"""Conflict-averse gradient descent."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.jacobian import GramianBalancer


class CAGrad(GramianBalancer):
    """The step within a ball around the mean gradient that helps the worst-off task most.

    A task's own weight multiplies the weight found: multiplied to its gradient, a small one would give it more.

    Source: Liu et al., Conflict-Averse Gradient Descent for Multi-task Learning, NeurIPS 2021, algorithm 1.
    """

    class Options(settings.Options):
        """``c``: radius of the ball over the length of the mean gradient; 0 is the mean."""

        c: float = Field(default=0.5, ge=0, lt=1)

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import CAGradWeighting

        weights: Tensor = CAGradWeighting(c=self.options.c)(rows @ rows.T)
        return weights * preference
