"""The multi-gate mixture of experts: shared networks, which each task weighs by a gate of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.dropout import Dropout
from mtl_models.network.layers import parallel_layers, repeat_rows
from mtl_models.network.trunks.base import Trunk


class MixtureTrunk(Trunk):
    """Experts for all tasks and a gate a task; with one expert, a shared trunk.

    Source: Ma et al., Modeling Task Relationships in Multi-task Learning with Multi-gate Mixture-of-Experts, KDD
    (2018), eq. 5 to 7.
    """

    class Options(settings.Options):
        """``experts``: how many; each has the layers as in ``shared``."""

        experts: int = Field(default=4, ge=1)
        widths: tuple[int, ...] = Field(default=(64,), min_length=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        self.n_experts = options.experts
        self.widths = dict.fromkeys(tasks, options.widths[-1])
        self.input_dropout = Dropout(options.input_dropout)
        self.experts = parallel_layers(options.experts, width, options.widths, dropout=options.dropout)
        # one expert needs no gate: its weight would never move
        self.gates = nn.Linear(width, len(tasks) * options.experts, bias=False) if options.experts > 1 else None

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        encoded = self.input_dropout(encoded)
        experts = self.experts(repeat_rows(encoded, self.n_experts))
        if self.gates is None:
            return dict.fromkeys(self.widths, experts[:, 0])
        mixed = self._shares(encoded) @ experts
        return dict(zip(self.widths, mixed.unbind(dim=1), strict=True))

    def _shares(self, encoded: Tensor) -> Tensor:
        """Weight of each expert for each task. Shape: ``(n_rows, n_tasks, n_experts)``."""
        assert self.gates is not None
        logits: Tensor = self.gates(encoded).unflatten(1, (len(self.widths), self.n_experts))
        return logits.softmax(dim=2)

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The gates: decay would make every task read all experts alike."""
        return self.gates.parameters() if self.gates is not None else ()

    @torch.no_grad()
    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """Mean weight over the rows by task and expert."""
        if encoded is None or self.gates is None:
            return {}
        means = self._shares(encoded).mean(dim=0).tolist()
        names = [f"expert_{number}" for number in range(self.n_experts)]
        return {
            "gates": {task: dict(zip(names, row, strict=True)) for task, row in zip(self.widths, means, strict=True)}
        }
