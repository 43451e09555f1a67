"""The heads of tasks with classes: unordered (softmax) and ordered."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mtl_models.data.tasks import Task
from mtl_models.kinds.heads.base import Head
from mtl_models.training.losses import class_log_loss, soft_class_log_loss


class ClassHead(Head):
    """Softmax over the classes; the likeliest one is predicted, after each was multiplied by its cut."""

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int = 0) -> None:
        super().__init__(task, width, widths, dropout=dropout, members=members, n_raw=len(task.classes))

    def fit(self, target: np.ndarray) -> None:
        """Start from the classes' shares, half a case added to each."""
        known = target[~np.isnan(target)].astype(np.int64)
        counts = np.bincount(known, minlength=len(self.task.classes)) + 0.5
        self.set_bias(np.log(counts / counts.sum()))

    def combine(self, raw: Tensor) -> Tensor:
        """The logarithm of the mean of the members' probabilities, but for a constant."""
        return raw.log_softmax(dim=2).logsumexp(dim=1)

    def row_loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """Log-loss of the class, or of a teacher's probabilities where the target has a column a class."""
        loss = class_log_loss if target.shape[1] == 1 else soft_class_log_loss
        return loss(raw.log_softmax(dim=1), target)

    def predictions(self, raw: Tensor) -> Tensor:
        """Probabilities of the classes."""
        return raw.softmax(dim=1)

    def decisions(self, predictions: Tensor) -> Tensor:
        """The likeliest class after the factors. Shape: ``(n_rows,)``."""
        return (predictions * self.cuts).argmax(dim=1)

    def margin(self, predictions: Tensor) -> Tensor:
        """Lead of the likeliest class over the next."""
        best, second = (predictions * self.cuts).topk(2, dim=1).values.unbind(dim=1)
        return best - second


class OrdinalHead(ClassHead):
    """Softmax over ordered classes; predicted is where the expected class lies among the cuts."""

    rank: Tensor

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int = 0) -> None:
        super().__init__(task, width, widths, dropout=dropout, members=members)
        self.register_buffer("rank", torch.arange(len(task.classes), dtype=torch.float32), persistent=False)

    def decisions(self, predictions: Tensor) -> Tensor:
        """How many cuts the expected class reaches. Shape: ``(n_rows,)``."""
        return (self._expected(predictions) >= self.cuts).sum(dim=1)

    def margin(self, predictions: Tensor) -> Tensor:
        """Distance of the expected class from the nearest cut."""
        return (self._expected(predictions) - self.cuts).abs().amin(dim=1)

    def _expected(self, predictions: Tensor) -> Tensor:
        return (predictions * self.rank).sum(dim=1, keepdim=True)
