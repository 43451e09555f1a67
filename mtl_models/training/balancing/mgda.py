"""Multiple-gradient descent."""

from __future__ import annotations

from torch import Tensor

from mtl_models.training.balancing.gramians import lengths_and_cosines, shortest
from mtl_models.training.balancing.jacobian import GramianBalancer


class MGDA(GramianBalancer):
    """The shortest vector among the weighted means of the tasks' gradients.

    A task's own weight multiplies the weight found: multiplied to its gradient, a small one would give it more.

    Source: Sener, Koltun, Multi-Task Learning as Multi-Objective Optimization, NeurIPS 2018, equation 3.

    Differs: solved as the quadratic program that it is; the Frank-Wolfe search of the paper's algorithm 2 stops early.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        return shortest(*lengths_and_cosines(rows)) * preference.cpu()
