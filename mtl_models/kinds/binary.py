"""An outcome that a person has or has not: 0 or 1 and its probability, predicted as 1 by the task's rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.kinds.base import SHARE, Facet, Published
from mtl_models.kinds.probabilities import YesNo

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from torch import Tensor

    from mtl_models.data.tasks import Task
    from mtl_models.kinds.heads import Head


class Binary(YesNo):
    """Yes or no."""

    words = "yes or no"
    says = "1 {rule}, else 0"

    def facets(self, task: Task, target: np.ndarray) -> list[Facet]:
        """The share of those who have it."""
        return [Facet(task.name, task.title or task.name, SHARE, target[:, 0])]

    def prediction_columns(self, task: Task) -> tuple[str, ...]:
        """The probability of 1."""
        return (f"{task.name}__p",)

    def outputs(self, head: Head, predictions: Tensor) -> tuple[Tensor, ...]:
        """Both flat."""
        return (predictions[:, 0], head.decisions(predictions)[:, 0])

    def decision_type(self) -> pl.DataType:
        """0 and 1."""
        import polars as pl

        return pl.Int8()

    def decision(self, task: Task, decided: np.ndarray) -> pl.Series:
        """0 and 1."""
        import numpy as np
        import polars as pl

        return pl.Series(task.name, decided.astype(np.int8))

    def published_decision(self, task: Task) -> Published:
        """0 and 1."""
        return Published(name=task.name, kind="binary", title=task.title)
