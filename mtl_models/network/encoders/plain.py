"""The plain encoder: all columns side by side, categories embedded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.encoders.base import Encoder
from mtl_models.network.encoders.block import Block
from mtl_models.network.encoders.numbers import NumberOptions
from mtl_models.network.preprocess import Prepared


class PlainEncoder(Encoder):
    """One block of every column."""

    class Options(settings.Options):
        """``d_embedding``: size of a category's embedding; ``numbers``: an embedding of numbers, none if left out."""

        d_embedding: int = Field(default=4, ge=1)
        numbers: NumberOptions | None = None

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self.block = Block(spec, layout, layout, d_embedding=options.d_embedding, numbers_as=options.numbers)
        self.width = self.block.width

    @property
    def chunks(self) -> list[int]:
        """One chunk a number, indicator and category."""
        return self.block.chunks

    @property
    def owners(self) -> list[tuple[str, ...]]:
        """Each column's feature."""
        return [(name,) for name in self.block.owners]

    def fit(self, train: Prepared) -> None:
        """Set the embeddings' centres."""
        self.block.fit(train)

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The embedding of numbers."""
        return self.block.undecayed()

    def forward(self, prepared: Prepared) -> Tensor:
        """Encode rows."""
        encoded: Tensor = self.block(prepared)
        return encoded
