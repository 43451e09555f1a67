"""The head of a binary task and of a multilabel one, which is several of them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mtl_models.data.tasks import Task
from mtl_models.kinds.heads.base import Head, smoothed_logit
from mtl_models.training.losses import log_loss


class LabelHead(Head):
    """A logit a label; the losses of the labels are summed, so that a label counts as much as a binary task."""

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int = 0) -> None:
        super().__init__(task, width, widths, dropout=dropout, members=members, n_raw=task.n_outputs)

    def fit(self, target: np.ndarray) -> None:
        """Start from the labels' shares."""
        known = ~np.isnan(target)
        n = known.sum(axis=0)
        share = np.where(known, target, 0.0).sum(axis=0) / np.maximum(n, 1)
        self.set_bias(smoothed_logit(share, n))

    def combine(self, raw: Tensor) -> Tensor:
        """The logit of the mean of the members' probabilities."""
        return functional.logsigmoid(raw).logsumexp(dim=1) - functional.logsigmoid(-raw).logsumexp(dim=1)

    def row_loss(self, raw: Tensor, target: Tensor) -> Tensor:
        """Sum over the labels of their mean log-loss."""
        return log_loss(raw, target)

    def predictions(self, raw: Tensor) -> Tensor:
        """Probabilities."""
        return raw.sigmoid()

    def decisions(self, predictions: Tensor) -> Tensor:
        """1 from a label's threshold on."""
        return (predictions >= self.cuts).to(torch.int64)

    def margin(self, predictions: Tensor) -> Tensor:
        """Distance from the threshold."""
        return (predictions - self.cuts).abs()
