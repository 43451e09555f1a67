"""Losses over the labelled cells of a batch; a missing label is NaN and never reaches the loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def masked_mean(losses: Tensor, labelled: Tensor) -> Tensor:
    """Mean of the labelled cells of each column, summed over the columns that have any.

    Shape:
        losses, labelled: ``(n_rows, n_columns)``.
    """
    counts = labelled.sum(dim=0)
    sums = torch.where(labelled, losses, 0.0).sum(dim=0)
    return (sums / counts.clamp(min=1)).sum()


def squared_error(raw: Tensor, target: Tensor) -> Tensor:
    """Mean squared error. Shape: both ``(n_rows, 1)``."""
    labelled = ~target.isnan()
    # the gap is filled before the loss: NaN * 0 is NaN, in the loss and in its gradient
    return masked_mean((raw - torch.where(labelled, target, 0.0)).square(), labelled)


def log_loss(raw: Tensor, target: Tensor) -> Tensor:
    """Binary log-loss of logits, summed over the labels (columns). Shape: both ``(n_rows, n_labels)``."""
    labelled = ~target.isnan()
    filled = torch.where(labelled, target, 0.0)
    return masked_mean(functional.binary_cross_entropy_with_logits(raw, filled, reduction="none"), labelled)


def class_log_loss(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Log-loss of classes. Shape: ``(n_rows, n_classes)`` and ``(n_rows, 1)``, the class index."""
    labelled = ~target.isnan()
    filled = torch.where(labelled, target, 0.0).to(torch.int64)
    return masked_mean(-log_probabilities.gather(1, filled), labelled)


def soft_class_log_loss(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy with the class probabilities of a teacher. Shape: both ``(n_rows, n_classes)``."""
    labelled = ~target.isnan()
    filled = torch.where(labelled, target, 0.0)
    return masked_mean(-(filled * log_probabilities).sum(dim=1, keepdim=True), labelled[:, :1])
