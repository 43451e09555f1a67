"""What every trunk offers."""

from __future__ import annotations

from torch import Tensor, nn


class Trunk(nn.Module):
    """From the encoded row to one representation a task, by the task's name.

    ``widths`` gives the size of each. A trunk may return the same tensor for all tasks or a different one for each, and
    more than one row of numbers a person (``(n_rows, k, width)``): heads work on the last dimension.
    """

    widths: dict[str, int]

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        raise NotImplementedError
