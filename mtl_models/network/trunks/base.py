"""What every trunk offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from torch import Tensor, nn

from mtl_models.network.views import ViewSet


class Trunk(nn.Module):
    """From the encoded row to one representation a task, by the task's name.

    A trunk may return the same tensor for all tasks or a different one for each.

    Attributes:
        widths: size of each task's representation.
        members: 0 for one representation a row, else the number of members of an ensemble: representations then have
            the shape ``(n_rows, members, width)``, and heads predict once for each member.
    """

    widths: dict[str, int]
    members: int = 0

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        raise NotImplementedError

    def in_views(self, encoded: Tensor, views: ViewSet) -> dict[str, Tensor]:
        """Representations by task name, each made of the row that the task's view shows.

        A trunk whose first layer is linear may do better than to run once a view.
        """
        runs = [(self(row), tasks) for row, tasks in views.rows(encoded)]
        return {task: run[task] for run, tasks in runs for task in tasks}

    def arrange(self, chunks: Sequence[int]) -> None:
        """Learn before training how many columns of the encoded row each feature takes, in their order."""

    def undecayed(self) -> Iterable[nn.Parameter]:
        """Parameters that weight decay must not pull towards zero: gates, stitches, scales."""
        return ()

    def penalty(self) -> Tensor | None:
        """What is added to the sum of the losses; ``None`` for nothing."""
        return None

    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """What the trunk shares with whom, as plain numbers.

        Args:
            encoded: rows to take means over; without them what depends on rows is left out.
        """
        return {}
