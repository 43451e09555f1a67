"""Encoders by name: from prepared inputs to the vector that a trunk reads."""

from __future__ import annotations

from typing import Any

from mtl_models.registry import Registry

# a new encoder: a file beside this one with an Encoder that has an Options class, and a line here
ENCODERS: Registry[Any] = Registry(
    __name__,
    {
        "plain": "plain:PlainEncoder",
        "domains": "domains:DomainEncoder",
        "piecewise_linear": "embedded:PiecewiseLinearEncoder",
        "periodic": "embedded:PeriodicEncoder",
        "grid_convolution": "grid:GridEncoder",
        "domain_convolution": "domain_grid:DomainGridEncoder",
        "attention": "attention:AttentionEncoder",
    },
)
