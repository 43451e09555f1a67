"""The hard-shared trunk: one multi-layer perceptron that every task reads."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.dropout import Dropout
from mtl_models.network.layers import hidden_layers
from mtl_models.network.trunks.base import Trunk
from mtl_models.network.views import ViewSet


class SharedTrunk(Trunk):
    """The same representation for every task.

    Source: Caruana, Multitask Learning, Machine Learning 28 (1997), section 1.
    """

    class Options(settings.Options):
        """``widths`` of the hidden layers, ``dropout`` after each, ``input_dropout`` before the first."""

        widths: tuple[int, ...] = (64, 64)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        self.input_dropout = Dropout(options.input_dropout)
        self.layers = hidden_layers(width, options.widths, dropout=options.dropout)
        self.widths = dict.fromkeys(tasks, (width, *options.widths)[-1])

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        shared = self.layers(self.input_dropout(encoded))
        return dict.fromkeys(self.widths, shared)

    def in_views(self, encoded: Tensor, views: ViewSet) -> dict[str, Tensor]:
        """Representations by task name; the first layer runs once for all views."""
        first = self.layers[0] if len(self.layers) else None
        if not isinstance(first, nn.Linear):
            return super().in_views(encoded, views)
        hidden = views.first_layer(self.input_dropout(encoded), first.weight) + first.bias
        return views.by_task(self.layers[1:](hidden).unbind(dim=1))
