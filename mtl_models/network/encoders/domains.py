"""The domain-wise encoder: each feature domain goes through a small layer of its own, then all are concatenated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.encoders.base import Encoder
from mtl_models.network.encoders.block import Block
from mtl_models.network.encoders.numbers import NumberOptions
from mtl_models.network.layers import hidden_layers
from mtl_models.network.preprocess import Prepared

# of a domain's modules, since a module cannot be called `type` or `forward`
PREFIX = "domain_"


class DomainEncoder(Encoder):
    """One block and one layer a domain, no wider than the block itself."""

    class Options(settings.Options):
        """``d_embedding``: size of a category's embedding; ``width``: of a domain's layer; ``dropout`` after it.

        ``numbers``: an embedding of numbers, none if left out.
        """

        d_embedding: int = Field(default=4, ge=1)
        width: int = Field(default=32, ge=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        numbers: NumberOptions | None = None

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        parts = {f"{PREFIX}{domain}": layout.of_domain(spec, domain) for domain in spec.domains}
        blocks = {
            domain: Block(spec, layout, part, d_embedding=options.d_embedding, numbers_as=options.numbers)
            for domain, part in parts.items()
            if part.n_values or part.categories
        }
        widths = {domain: min(options.width, block.width) for domain, block in blocks.items()}
        self.blocks = nn.ModuleDict(blocks)
        self.layers = nn.ModuleDict(
            {
                domain: hidden_layers(block.width, [widths[domain]], dropout=options.dropout)
                for domain, block in blocks.items()
            }
        )
        self.widths = widths
        self.width = sum(widths.values())

    @property
    def owners(self) -> list[tuple[str, ...]] | None:
        """All features of a column's domain."""
        owners = []
        for name, width in self.widths.items():
            block = self.blocks[name]
            assert isinstance(block, Block)
            owners += [tuple(dict.fromkeys(block.owners))] * width
        return owners

    def fit(self, train: Prepared) -> None:
        """Set the embeddings' centres."""
        for block in self._blocks():
            block.fit(train)

    def _blocks(self) -> Iterator[Block]:
        for block in self.blocks.values():
            assert isinstance(block, Block)
            yield block

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The embeddings of numbers."""
        return [each for block in self._blocks() for each in block.undecayed()]

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains that have a vector."""
        return tuple(name.removeprefix(PREFIX) for name in self.layers)

    def by_domain(self, prepared: Prepared) -> dict[str, Tensor]:
        """Each domain's vector. Shape: ``(n_rows, the domain's width)``."""
        return {name.removeprefix(PREFIX): layer(self.blocks[name](prepared)) for name, layer in self.layers.items()}

    def forward(self, prepared: Prepared) -> Tensor:
        """Encode rows."""
        return torch.cat(list(self.by_domain(prepared).values()), dim=1)
