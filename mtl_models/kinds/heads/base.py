"""What every head offers: raw outputs, their loss, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.network.layers import MemberLinear, hidden_layers


class Head(nn.Module):
    """Hidden layers and a last linear one, for one task.

    Over a trunk of several members (``(n_rows, members, width)``) each member has a last layer of its own. In training
    raw outputs are then those of every member, and the loss is the mean of the members' losses; otherwise raw outputs
    are the ones whose prediction is the mean of the members' predictions.

    Attributes:
        cuts: what decisions follow from; the numbers of the task's rule.

    Shape:
        raw: ``(n_rows, n_raw)``, or ``(n_rows, members, n_raw)`` in training;
        target: ``(n_rows, len(task.target_columns))`` float32, NaN where missing;
        predictions: ``(n_rows, task.n_outputs)``, in the order of ``task.prediction_columns``.
    """

    cuts: Tensor

    def __init__(
        self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int, n_raw: int
    ) -> None:
        super().__init__()
        self.task = task
        self.hidden = hidden_layers(width, widths, dropout=dropout)
        d_last = (width, *widths)[-1]
        self.output: nn.Linear | MemberLinear
        self.output = MemberLinear(d_last, n_raw, members=members) if members else nn.Linear(d_last, n_raw)
        self.register_buffer("cuts", torch.tensor(kind_of(task).first_cuts(task), dtype=torch.float32))

    def fit(self, target: np.ndarray) -> None:
        """Start from the training rows' base rate: set what depends on the targets."""

    def forward(self, representation: Tensor) -> Tensor:
        """Raw outputs."""
        raw: Tensor = self.output(self.hidden(representation))
        return raw if self.training or raw.dim() == 2 else self.combine(raw)

    def combine(self, raw: Tensor) -> Tensor:
        """The raw outputs whose predictions are the mean of the members' predictions.

        Shape:
            ``(n_rows, members, n_raw)`` to ``(n_rows, n_raw)``.
        """
        raise NotImplementedError

    def loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """The task's loss over the labelled rows."""
        if raw.dim() == 3:
            # every member has the same labelled rows, so the mean over all rows is the mean of the members' losses
            target = target[:, None].expand(-1, raw.shape[1], -1).flatten(0, 1)
            raw = raw.flatten(0, 1)
        return self.row_loss(raw, target)

    def row_loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """The loss of one prediction a row. Shape: ``(n_rows, n_raw)`` and as ``target`` above."""
        raise NotImplementedError

    def predictions(self, raw: Tensor) -> Tensor:
        """The value in the task's unit, or probabilities."""
        raise NotImplementedError

    def decisions(self, predictions: Tensor) -> Tensor:
        """int64: 0 or 1, a class index, or 0 and 1 a label."""
        raise NotImplementedError

    def margin(self, predictions: Tensor) -> Tensor:
        """How far the predictions are from another decision; same shape as the decisions."""
        raise NotImplementedError

    @property
    def can_be_corrected(self) -> bool:
        """Whether its last layer can take a correction in; that of several members cannot."""
        return isinstance(self.output, nn.Linear)

    def correct(self, slope: Sequence[float], shift: Sequence[float]) -> None:
        """Move the raw outputs for good: ``shift + slope * raw``, as the last layer's own weights.

        Units:
            those of the raw outputs: logits, or logarithms over classes.
        """
        assert isinstance(self.output, nn.Linear)
        steep, moved = (torch.tensor(values, dtype=self.output.bias.dtype) for values in (slope, shift))
        with torch.no_grad():
            self.output.weight.mul_(steep[:, None])
            self.output.bias.mul_(steep).add_(moved)

    @property
    def unit(self) -> float:
        """Size of a difference of predictions that matters: 1 for probabilities, the spread of a number."""
        return 1.0

    def set_bias(self, bias: np.ndarray) -> None:
        """Let the untrained head give these raw outputs for a zero representation."""
        with torch.no_grad():
            members = self.output.layer if isinstance(self.output, MemberLinear) else self.output
            members.bias.copy_(torch.from_numpy(bias))


def smoothed_logit(share: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Log-odds of a share of ``n`` cases, kept finite for a share of 0 or 1 by half a case."""
    rate = (share * n + 0.5) / (n + 1)
    return np.asarray(np.log(rate) - np.log1p(-rate))
