"""Progressive layered extraction: experts of each task and shared ones, mixed by gates, level upon level."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.network.dropout import Dropout
from mtl_models.network.layers import MemberLinear, parallel_layers, repeat_rows
from mtl_models.network.trunks.base import Trunk


class ProgressiveTrunk(Trunk):
    """Levels of customized gate control (CGC); one level is CGC itself.

    A task's gate weighs its own experts and the shared ones; between levels the shared experts have a gate over all.

    Source: Tang et al., Progressive Layered Extraction, RecSys (2020), eq. 1 to 6.
    """

    class Options(settings.Options):
        """``levels``: how many; in each, ``task_experts`` a task and ``shared_experts``, with layers of ``widths``."""

        levels: int = Field(default=2, ge=1)
        task_experts: int = Field(default=1, ge=0)
        shared_experts: int = Field(default=2, ge=0)
        widths: tuple[int, ...] = Field(default=(64,), min_length=1)
        dropout: float = Field(default=0.0, ge=0, lt=1)
        input_dropout: float = Field(default=0.0, ge=0, lt=1)

        @model_validator(mode="after")
        def _require_expert(self) -> ProgressiveTrunk.Options:
            if not self.task_experts + self.shared_experts:
                raise ValueError("task_experts and shared_experts are both 0: a task needs an expert to read")
            return self

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        self.widths = dict.fromkeys(tasks, options.widths[-1])
        self.input_dropout = Dropout(options.input_dropout)
        sizes = [width, *[options.widths[-1]] * (options.levels - 1)]
        self.levels = nn.ModuleList(
            [_Level(size, tasks, options, last=place == options.levels - 1) for place, size in enumerate(sizes)]
        )

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        """Representations by task name."""
        states = repeat_rows(self.input_dropout(encoded), len(self.widths) + 1)
        for level in self.levels:
            states = level(states)
        return dict(zip(self.widths, states.unbind(dim=1), strict=True))

    def undecayed(self) -> Iterable[nn.Parameter]:
        """The gates: decay would make every reader take its experts alike."""
        return [each for name, each in self.named_parameters() if name.split(".")[2] == "gates"]

    @torch.no_grad()
    def report(self, encoded: Tensor | None) -> dict[str, Any]:
        """Mean weight over the rows by level, reader (a task or ``shared``) and expert that it may read."""
        if encoded is None:
            return {}
        states = repeat_rows(encoded, len(self.widths) + 1)
        found: list[dict[str, Any]] = []
        for level in self.levels:
            assert isinstance(level, _Level)
            found.append(level.report(states))
            states = level(states)
        return {"gates": found}


class _Level(nn.Module):
    """Experts and gates of one level.

    Shape:
        ``(n_rows, n_tasks + 1, width)``, the shared state last, to the same with another width; a last level has no
        shared state.
    """

    owner: Tensor
    allowed: Tensor

    def __init__(self, width: int, tasks: Sequence[str], options: ProgressiveTrunk.Options, *, last: bool) -> None:
        super().__init__()
        own, shared = options.task_experts, options.shared_experts
        self.readers = [*tasks] if last else [*tasks, "shared"]
        self.names = [f"{task}_{number}" for task in tasks for number in range(own)]
        self.names += [f"shared_{number}" for number in range(shared)]
        owner = [place for place in range(len(tasks)) for _ in range(own)] + [len(tasks)] * shared
        allowed = [
            [place in (reader, len(tasks)) or reader == len(tasks) for place in owner]
            for reader in range(len(self.readers))
        ]
        self.register_buffer("owner", torch.tensor(owner, dtype=torch.int64), persistent=False)
        self.register_buffer("allowed", torch.tensor(allowed), persistent=False)
        self.experts = parallel_layers(len(owner), width, options.widths, dropout=options.dropout)
        self.gates = MemberLinear(width, len(owner), members=len(self.readers), bias=False)

    def shares(self, states: Tensor) -> Tensor:
        """Weight of each expert for each reader. Shape: ``(n_rows, n_readers, n_experts)``."""
        logits = self.gates(states[:, : len(self.readers)])
        return torch.where(self.allowed, logits, -torch.inf).softmax(dim=2)

    def forward(self, states: Tensor) -> Tensor:
        """The next level's states."""
        mixed: Tensor = self.shares(states) @ self.experts(states.index_select(1, self.owner))
        return mixed

    def report(self, states: Tensor) -> dict[str, dict[str, float]]:
        """Mean weights by reader and expert."""
        means = self.shares(states).mean(dim=0).tolist()
        return {
            reader: {
                name: share
                for name, share, may in zip(self.names, row, self.allowed[place].tolist(), strict=True)
                if may
            }
            for place, (reader, row) in enumerate(zip(self.readers, means, strict=True))
        }
