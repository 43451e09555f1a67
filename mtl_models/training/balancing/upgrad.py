"""Unconflicting projection of gradients."""

from __future__ import annotations

from torch import Tensor

from mtl_models.training.balancing.jacobian import GramianBalancer


class UPGrad(GramianBalancer):
    """Projects each task's gradient onto the directions that go against no task's, and takes the mean.

    A task's own weight is its share in that mean, so the step still goes against no task.

    Source: Quinton, Rey, Jacobian Descent For Multi-Objective Optimization, 2024, section 3.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import UPGradWeighting

        weights: Tensor = UPGradWeighting(preference / len(preference))(rows @ rows.T)
        return weights
