"""Projecting conflicting gradients."""

from __future__ import annotations

from torch import Tensor

from mtl_models.training.balancing.gramians import lengths_and_cosines
from mtl_models.training.balancing.jacobian import GramianBalancer


class PCGrad(GramianBalancer):
    """Takes out of each task's gradient what goes against another's, one after the other in random order.

    A task's own weight multiplies its gradient before.

    Source: Yu et al., Gradient Surgery for Multi-Task Learning, NeurIPS 2020, algorithm 1.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import PCGradWeighting

        lengths, cosines = lengths_and_cosines(rows * preference[:, None])
        # over the longest: squares of small gradients vanish
        lengths = lengths / lengths.max()
        weights: Tensor = PCGradWeighting()(cosines * lengths[:, None] * lengths)
        return weights * preference.cpu()
