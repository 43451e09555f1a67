"""Impartial multi-task learning of gradients."""

from __future__ import annotations

from torch import Tensor

from mtl_models.training.balancing.jacobian import GramianBalancer


class IMTLG(GramianBalancer):
    """The combination that goes equally far along every task's gradient direction.

    A task's own weight multiplies the weight found, which makes the scale of a loss count for nothing.

    Source: Liu et al., Towards Impartial Multi-task Learning, ICLR 2021, section 3.1.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import IMTLGWeighting

        weights: Tensor = IMTLGWeighting()(rows @ rows.T)
        return weights * preference
