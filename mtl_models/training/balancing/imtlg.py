"""Impartial multi-task learning of gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from mtl_models.training.balancing.gramians import lengths_and_cosines
from mtl_models.training.balancing.jacobian import GramianBalancer

# gradients in float32 that depend on each other do so to about this
_RANK = 1e-6


class IMTLG(GramianBalancer):
    """The combination that goes equally far along every task's gradient direction.

    A task's own weight multiplies the weight found, which makes the scale of a loss count for nothing.

    Source: Liu et al., Towards Impartial Multi-task Learning, ICLR 2021, section 3.1.

    Differs: where the paper's weights, which sum to 1, would go against every task alike, the step is turned round, so
    that they sum to -1; where they cannot be scaled, it is the mean gradient.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        lengths, cosines = lengths_and_cosines(rows)
        # equally far along every unit gradient: cosines @ (weights * lengths) is the same everywhere
        found = torch.linalg.pinv(cosines, hermitian=True, rtol=_RANK).sum(dim=1) / lengths
        total = found.sum().abs()
        even = torch.full_like(found, 1 / len(found))
        return torch.where(total > _RANK * found.abs().sum(), found / total, even) * preference.cpu()
