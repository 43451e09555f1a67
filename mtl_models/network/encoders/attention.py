"""The attention encoder: each task weighs the features before the trunk that all share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import FeatureSpec
from mtl_models.data.layout import Layout
from mtl_models.network.encoders.base import Encoder
from mtl_models.network.encoders.block import Block
from mtl_models.network.encoders.numbers import NumberOptions
from mtl_models.network.preprocess import Prepared


class AttentionEncoder(Encoder):
    """All columns side by side, those of a feature multiplied by its weight: 1 on average, and for all at the start.

    The trunk reads the row once a task, so that one step costs as many trunks as there are tasks.

    Source:
        Attention focusing is a mechanism of Caruana, Multitask Learning, Machine Learning 28 (1997), section 3.3; the
        soft selection by softmax follows Bahdanau et al., ICLR (2015), eq. 6.

    Differs:
        Features are weighed where Bahdanau weighs positions; without ``d_hidden`` the same for every row.
    """

    class Options(settings.Options):
        """``per_task``: weights a task, or one set for all; ``d_hidden``: of a layer that fits them to the row.

        ``d_embedding`` and ``numbers`` as in ``plain``.
        """

        per_task: bool = True
        d_hidden: int = Field(default=0, ge=0)
        d_embedding: int = Field(default=4, ge=1)
        numbers: NumberOptions | None = None

    owner: Tensor

    def __init__(self, spec: FeatureSpec, layout: Layout, options: Options, tasks: Sequence[str] = ()) -> None:
        super().__init__()
        self.block = Block(spec, layout, layout, d_embedding=options.d_embedding, numbers_as=options.numbers)
        self.width = self.block.width
        self.features = tuple(dict.fromkeys(self.block.owners))
        place = {feature: number for number, feature in enumerate(self.features)}
        owner = torch.tensor([place[feature] for feature in self.block.owners], dtype=torch.int64)
        self.register_buffer("owner", owner, persistent=False)
        self.readers = tuple(tasks) if options.per_task else ()
        shape = (max(1, len(self.readers)), len(self.features))
        self.scores = nn.Parameter(torch.zeros(shape))
        self.of_row: nn.Sequential | None = None
        if options.d_hidden:
            last = nn.Linear(options.d_hidden, shape[0] * shape[1], bias=False)
            nn.init.zeros_(last.weight)
            self.of_row = nn.Sequential(nn.Linear(self.width, options.d_hidden), nn.Tanh(), last)

    @property
    def chunks(self) -> list[int]:
        """One chunk a number, indicator and category."""
        return self.block.chunks

    @property
    def owners(self) -> list[tuple[str, ...]] | None:
        """Each column's feature; with a layer that reads the whole row, every column depends on all."""
        return None if self.of_row is not None else [(name,) for name in self.block.owners]

    def fit(self, train: Prepared) -> None:
        """Set the embeddings' centres."""
        self.block.fit(train)

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The logits of the attention, and the embedding of numbers."""
        of_row = () if self.of_row is None else self.of_row.parameters()
        return [self.scores, *of_row, *self.block.undecayed()]

    def forward(self, prepared: Prepared) -> Tensor | dict[str, Tensor]:
        """Encode rows."""
        block: Tensor = self.block(prepared)
        columns = self._weights(block).index_select(2, self.owner)
        if not self.readers:
            return block * columns[:, 0]
        return {task: block * columns[:, place] for place, task in enumerate(self.readers)}

    def _weights(self, block: Tensor) -> Tensor:
        """Weight of each feature. Shape: ``(n_rows or 1, n_readers or 1, n_features)``, 1 on average."""
        scores = self.scores[None]
        if self.of_row is not None:
            scores = scores + self.of_row(block).unflatten(1, self.scores.shape)
        return scores.softmax(dim=2) * len(self.features)

    @torch.no_grad()
    def report(self, prepared: Prepared | None) -> dict[str, Any]:
        """Weight by task (``all`` where there is one set) and feature; a mean over rows where they differ by row."""
        if self.of_row is None:
            weights = self._weights(self.scores)[0]
        elif prepared is None:
            return {}
        else:
            weights = self._weights(self.block(prepared)).mean(dim=0)
        readers = self.readers or ("all",)
        return {
            "attention": {
                reader: dict(zip(self.features, row, strict=True))
                for reader, row in zip(readers, weights.tolist(), strict=True)
            }
        }
