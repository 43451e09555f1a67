"""The encoder of domain embeddings beside a convolution over the grid of all features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.encoders.domains import DomainEncoder
from mtl_models.network.encoders.grid import GridEncoder
from mtl_models.network.preprocess import Prepared


class DomainGridEncoder(DomainEncoder):
    """The vectors of the domains, then that of a convolution over all features."""

    class Options(settings.Options):
        """``domains``: options as of the encoder ``domains``; ``grid``: as of ``grid_convolution``."""

        domains: DomainEncoder.Options = DomainEncoder.Options()
        grid: GridEncoder.Options = GridEncoder.Options()

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        super().__init__(spec, layout, options.domains, tasks)
        self.grid = GridEncoder(spec, layout, options.grid, tasks)
        self.width += self.grid.width

    @property
    def owners(self) -> list[tuple[str, ...]] | None:
        """None: the convolution mixes all features."""
        return None

    def fit(self, train: Prepared) -> None:
        """Set the embeddings' centres and lay out the grid."""
        super().fit(train)
        self.grid.fit(train)

    def undecayed(self) -> Iterable[nn.Parameter]:
        """Those of both."""
        return [*super().undecayed(), *self.grid.undecayed()]

    def forward(self, prepared: Prepared) -> Tensor:
        """Encode rows."""
        return torch.cat([super().forward(prepared), self.grid(prepared)], dim=1)

    def report(self, prepared: Prepared | None) -> dict[str, Any]:
        """The grid."""
        return self.grid.report(prepared)
