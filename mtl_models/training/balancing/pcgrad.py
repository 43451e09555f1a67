"""Projecting conflicting gradients."""

from __future__ import annotations

from torch import Tensor

from mtl_models.training.balancing.jacobian import GramianBalancer


class PCGrad(GramianBalancer):
    """Takes out of each task's gradient what goes against another's, one after the other in random order.

    A task's own weight multiplies its gradient before.

    Source: Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020, algorithm 1.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import PCGradWeighting

        scaled = rows * preference[:, None]
        weights: Tensor = PCGradWeighting()(scaled @ scaled.T)
        return weights * preference
