"""Encoders by name: from prepared inputs to the vector that a trunk reads."""

from __future__ import annotations

from typing import Any

from mtl_models.encoders.attention import AttentionEncoder
from mtl_models.encoders.domain_grid import DomainGridEncoder
from mtl_models.encoders.domains import DomainEncoder
from mtl_models.encoders.embedded import PeriodicEncoder, PiecewiseLinearEncoder
from mtl_models.encoders.grid import GridEncoder
from mtl_models.encoders.plain import PlainEncoder

# a new encoder: a file beside this one with an Encoder that has an Options class, and a line here
ENCODERS: dict[str, Any] = {
    "plain": PlainEncoder,
    "domains": DomainEncoder,
    "piecewise_linear": PiecewiseLinearEncoder,
    "periodic": PeriodicEncoder,
    "grid_convolution": GridEncoder,
    "domain_convolution": DomainGridEncoder,
    "attention": AttentionEncoder,
}
