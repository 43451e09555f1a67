"""Unconflicting projection of gradients."""

from __future__ import annotations

from typing import cast

import numpy as np
import torch
from torch import Tensor

from mtl_models.training.balancing.gramians import lengths_and_cosines, with_ridge
from mtl_models.training.balancing.jacobian import GramianBalancer


class UPGrad(GramianBalancer):
    """Projects each task's gradient onto the directions that go against no task's, and takes the mean.

    A task's own weight is its share in that mean, so the step still goes against no task.

    Source: Quinton, Rey, Jacobian Descent For Multi-Objective Optimization, 2024, section 3.

    Differs: the quadratic programs are over the cosines of the gradients, so that their scale counts for nothing and
    a small gradient is guarded as well as a large one; torchjd's own regularisation lets some steps go against a task.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.linalg import PSDMatrix, QuadprogProjector

        lengths, cosines = lengths_and_cosines(rows)
        alone = torch.eye(len(lengths), dtype=cosines.dtype)

        def solve(ridge: float) -> np.ndarray:
            projector = QuadprogProjector(norm_eps=0.0, reg_eps=ridge)
            found: np.ndarray = projector(alone, cast(PSDMatrix, cosines)).numpy()
            return found

        # row i: the projection of the i-th unit gradient, as weights of the unit gradients
        projected = torch.from_numpy(with_ridge(solve))
        share = preference.double().cpu() / len(lengths)
        return (share * lengths) @ projected / lengths
