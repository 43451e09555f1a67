"""What every encoder offers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from mtl_models.network.preprocess import Prepared


class Encoder(nn.Module):
    """From prepared inputs to the float vector that a trunk reads: one for all tasks, or one for each by its name.

    An encoder is built from the feature spec, the layout, its options and the names of the tasks.

    Attributes:
        width: size of the vector.
        chunks: how many of its columns each feature takes, in their order.

    Shape:
        :class:`Prepared` to ``(n_rows, width)``, or to such a tensor for each task.
    """

    width: int

    @property
    def chunks(self) -> list[int]:
        """A chunk a column, unless an encoder knows better."""
        return [1] * self.width

    @property
    def owners(self) -> list[tuple[str, ...]] | None:
        """The features that each column of the vector is made of; ``None`` where every one is made of all."""
        return None

    def fit(self, train: Prepared) -> None:
        """Set the buffers that depend on training rows."""

    def undecayed(self) -> Iterable[nn.Parameter]:
        """Parameters that weight decay must not pull towards zero: lines of numbers, logits of attention."""
        return ()

    def forward(self, prepared: Prepared) -> Tensor | dict[str, Tensor]:
        """Encode rows."""
        raise NotImplementedError

    def by_domain(self, prepared: Prepared) -> dict[str, Tensor] | None:
        """Each feature domain's vector, ``(n_rows, the domain's width)``; ``None`` where a domain has none."""
        return None

    def report(self, prepared: Prepared | None) -> dict[str, Any]:
        """What the encoder attends to, as plain numbers.

        Args:
            prepared: rows to take means over; without them what depends on rows is left out.
        """
        return {}
