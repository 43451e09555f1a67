"""The parts of a task that are corrected on their own: a number, a label, or the classes together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mtl_models.correction.scales import SCALES
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of


@dataclass(frozen=True)
class Part:
    """A part of a task with its labelled people.

    Attributes:
        task: whose part it is.
        name: that of its target column.
        columns: the places of its predictions among the task's.
        target: outcomes, none missing. Shape: ``(n,)``.
        values: predictions on the scale. Shape: ``(n, len(columns))``.
    """

    task: Task
    name: str
    columns: tuple[int, ...]
    target: np.ndarray
    values: np.ndarray

    @property
    def n(self) -> int:
        """How many people have a label."""
        return len(self.target)

    @cached_property
    def counts(self) -> np.ndarray:
        """Labelled people of each class; of a number nothing. Shape: ``(n_classes,)`` int."""
        return np.array(kind_of(self.task).count_classes(self.task, self.target), np.int64)

    @property
    def events(self) -> int:
        """Those who tell models apart: with a label of a number, else outside the commonest class."""
        return int(self.n - self.counts.max(initial=0))

    @property
    def observed(self) -> float:
        """The mean outcome: of a number, of having a label, or of the place among the classes."""
        return float(self.target.mean())

    def expected(self, values: np.ndarray | None = None) -> float:
        """The mean outcome by the predictions, or by other values on the scale."""
        said = SCALES[kind_of(self.task).scale].back(self.values if values is None else values)
        return float((said @ np.arange(said.shape[1]) if said.shape[1] > 1 else said[:, 0]).mean())


def parts_of(task: Task, target: np.ndarray, prediction: np.ndarray) -> Iterator[Part]:
    """The parts of a task, each with the people whose label is known and who have a prediction.

    Args:
        task: of a kind that can be corrected.
        target: NaN where the label is missing. Shape: ``(n, len(task.target_columns))``.
        prediction: NaN where there is none. Shape: ``(n, task.n_outputs)``.
    """
    scale = SCALES[kind_of(task).scale]
    together = kind_of(task).form == "classes"
    for place, name in enumerate(task.target_columns):
        columns = tuple(range(task.n_outputs)) if together else (place,)
        known = ~np.isnan(target[:, place]) & ~np.isnan(prediction[:, columns]).any(axis=1)
        values = scale.to(prediction[known][:, columns].astype(np.float64))
        yield Part(task, name, columns, target[known, place], values)
