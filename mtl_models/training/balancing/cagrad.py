"""Conflict-averse gradient descent."""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.gramians import lengths_and_cosines
from mtl_models.training.balancing.jacobian import GramianBalancer

# of a mean gradient over all gradients: what is shorter is zero but for rounding
_NONE = 1e-7


class CAGrad(GramianBalancer):
    """The step within a ball around the mean gradient that helps the worst-off task most.

    A task's own weight multiplies the weight found: multiplied to its gradient, a small one would give it more.

    Source: Liu et al., Conflict-Averse Gradient Descent for Multi-task Learning, NeurIPS 2021, algorithm 1.

    Differs: where the step is not defined, since some weighted mean of the gradients is zero, it is the mean gradient,
    as in the authors' code; torchjd's is zero there, and already where the gradients are small.
    """

    class Options(settings.Options):
        """``c``: radius of the ball over the length of the mean gradient; 0 is the mean."""

        c: float = Field(default=0.5, ge=0, lt=1)

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import CAGradWeighting

        # lengths over their own mean: torchjd takes small gradients for none
        lengths, cosines = lengths_and_cosines(rows)
        lengths = lengths / lengths.square().sum().sqrt()
        weighting = CAGradWeighting(c=self.options.c, norm_eps=_NONE)
        weights: Tensor = weighting(cosines * lengths[:, None] * lengths)
        if not weights.any():
            weights = torch.full_like(weights, 1 / len(weights))
        return weights * preference.cpu()
