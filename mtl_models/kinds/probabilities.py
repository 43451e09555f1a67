"""What the kinds share whose heads give probabilities, and a decision that follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mtl_models.kinds.base import Kind, Published
from mtl_models.wording import slug

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from torch import Tensor

    from mtl_models.data.tasks import Task
    from mtl_models.kinds.heads import Head


class Probabilities(Kind):
    """Outputs ``<task>__p``, the probabilities, and ``<task>``, the decision; a score column for each of both."""

    figure = "calibration"

    def n_classes(self, task: Task) -> int:
        """Two: a label is there or not."""
        return len(task.classes) or 2

    def allowed(self, task: Task) -> str:
        """The codes of the classes."""
        return f"the places 0 to {len(task.classes) - 1} of its classes" if task.classes else "0 and 1"

    def is_allowed(self, task: Task, values: np.ndarray) -> np.ndarray:
        """Whole numbers from 0, one a class."""
        import numpy as np

        return np.isin(values, np.arange(self.n_classes(task)))

    def prediction_columns(self, task: Task) -> tuple[str, ...]:
        """A probability a class or label."""
        return tuple(f"{task.name}__p_{slug(name)}" for name in task.classes or task.labels)

    def output_names(self, task: Task) -> tuple[str, ...]:
        """Probabilities, then the decision."""
        return (f"{task.name}__p", task.name)

    def outputs(self, head: Head, predictions: Tensor) -> tuple[Tensor, ...]:
        """Shape: ``(n_rows, task.n_outputs)``; int64 as the head decides."""
        return (predictions, head.decisions(predictions))

    def decided(self, task: Task, probabilities: np.ndarray) -> np.ndarray:
        """What a file decides, from its probabilities; here the likeliest class.

        Shape:
            ``(n, n_outputs)`` to ``(n,)`` of classes, or ``(n, n_outputs)`` of labels.
        """
        import numpy as np

        return np.asarray(probabilities.argmax(axis=1))

    def score_types(self, task: Task) -> dict[str, pl.DataType]:
        """The decision's type, then float64."""
        import polars as pl

        return {task.name: self.decision_type(), **{name: pl.Float64() for name in task.prediction_columns}}

    def scores(self, task: Task, outputs: Mapping[str, np.ndarray]) -> list[pl.Series]:
        """The decision for a reader, then its probabilities."""
        import numpy as np
        import polars as pl

        decided = outputs[task.name]
        probabilities = outputs[f"{task.name}__p"].astype(np.float64).reshape(len(decided), task.n_outputs)
        return [self.decision(task, decided)] + [
            pl.Series(name, np.ascontiguousarray(column))
            for name, column in zip(task.prediction_columns, probabilities.T, strict=True)
        ]

    def decision_type(self) -> pl.DataType:
        """Type of the column of the decision; here a class by name."""
        import polars as pl

        return pl.String()

    def decision(self, task: Task, decided: np.ndarray) -> pl.Series:
        """The decision of each row, as int64 in an exported file, for a reader; here a class by name."""
        import polars as pl

        return pl.Series(task.name, task.classes, dtype=pl.String).gather(decided)

    def published(self, task: Task) -> list[Published]:
        """The decision, then its probabilities."""
        return [
            self.published_decision(task),
            *(Published(name=name, kind="probability", title=task.title) for name in task.prediction_columns),
        ]

    def published_decision(self, task: Task) -> Published:
        """The column of the decision; here one of the classes."""
        return Published(name=task.name, kind="class", values=task.classes, title=task.title)
