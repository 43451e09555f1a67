"""Independent component alignment."""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.jacobian import GramianBalancer


class AlignedMTL(GramianBalancer):
    """Makes the principal components of the tasks' gradients equally long before it takes their mean.

    A task's own weight is its share in that mean.

    Source: Senushkin et al., Independent Component Alignment for Multi-Task Learning, CVPR 2023, algorithm 1.
    """

    class Options(settings.Options):
        """``scale``: which component's length all are given."""

        scale: Literal["min", "median", "rmse"] = "min"

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import AlignedMTLWeighting

        weighting = AlignedMTLWeighting(preference / len(preference), scale_mode=self.options.scale)
        scaled = rows / rows.abs().max()  # squares of small gradients vanish
        weights: Tensor = weighting(scaled @ scaled.T)
        return weights
