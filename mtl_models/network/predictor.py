"""What export, file, prediction and embeddings need of a trained network, whether it is one or several side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.kinds.heads import Head

SLICE = 1024
"""Rows a pass."""


class Predictor(Protocol):
    """Raw matrices in, predictions by task name out; fulfilled by a module of torch with these members.

    Attributes:
        spec: of the features that it reads.
        tasks: those that it answers for, in the order of its outputs.
    """

    spec: FeatureSpec
    tasks: tuple[Task, ...]

    def head(self, task: str) -> Head:
        """A task's head."""
        ...

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        ...

    def domain_vectors(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """The vector of each feature domain. Shape: ``(n_rows, the domain's width)``.

        Raises:
            ValueError: if it has none.
        """
        ...

    def report(self, inputs: Matrices | None = None) -> dict[str, Any]:
        """What it learned to attend to and to share, as plain JSON types."""
        ...

    def record(self) -> dict[str, Any]:
        """All that is needed to build it again besides its weights, as plain JSON types."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """As of any module."""
        ...

    def state_dict(self) -> Mapping[str, Tensor]:
        """As of any module."""
        ...

    def eval(self) -> Self:
        """As of any module."""
        ...


def slices(predictor: Predictor, inputs: Matrices) -> Iterator[tuple[Tensor, Tensor]]:
    """Numbers and categories of a few rows at a time, on the predictor's device; at least once, if without rows."""
    device = next(predictor.parameters()).device
    for start in range(0, max(1, len(inputs)), SLICE):
        rows = slice(start, start + SLICE)
        yield (
            torch.from_numpy(inputs.numeric[rows]).to(device),
            torch.from_numpy(inputs.categorical[rows]).to(device),
        )
