"""Multiple-gradient descent."""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.jacobian import GramianBalancer


class MGDA(GramianBalancer):
    """The shortest vector among the weighted means of the tasks' gradients.

    A task's own weight multiplies the weight found: multiplied to its gradient, a small one would give it more.

    Source: Sener, Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018, algorithm 2.
    """

    class Options(settings.Options):
        """``epsilon``: step at which the search ends; ``iterations``: the most of them."""

        epsilon: float = Field(default=1e-3, gt=0)
        iterations: int = Field(default=100, ge=1)

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import MGDAWeighting

        weighting = MGDAWeighting(epsilon=self.options.epsilon, max_iters=self.options.iterations)
        weights: Tensor = weighting(rows @ rows.T)
        return weights * preference
