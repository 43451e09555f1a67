"""Layers that encoders, trunks and heads share."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn


def hidden_layers(width: int, widths: Sequence[int], *, dropout: float = 0.0) -> nn.Sequential:
    """Linear, ReLU and dropout for each of ``widths``; the identity where there is none.

    Shape:
        ``(..., width)`` to ``(..., widths[-1])``.
    """
    layers: list[nn.Module] = []
    for size in widths:
        layers += [nn.Linear(width, size), nn.ReLU()]
        if dropout:
            layers.append(nn.Dropout(dropout))
        width = size
    return nn.Sequential(*layers)
