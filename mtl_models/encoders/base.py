"""What every encoder offers."""

from __future__ import annotations

from torch import Tensor, nn

from mtl_models.preprocess import Prepared


class Encoder(nn.Module):
    """From prepared inputs to the float vector that a trunk reads.

    Shape:
        :class:`Prepared` to ``(n_rows, width)``.
    """

    width: int

    def fit(self, train: Prepared) -> None:
        """Set the buffers that depend on training rows."""

    def forward(self, prepared: Prepared) -> Tensor:
        """Encode rows."""
        raise NotImplementedError
