"""What the joint models fit: every target column of every task, with its gaps, its unit and its degenerate cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.kinds.base import Form


@dataclass(frozen=True, kw_only=True)
class Column:
    """One target column.

    Attributes:
        form: number (on the scale of its kind, standardised over the labelled training rows), binary (0 and 1) or
            classes (an index into ``seen``). A class that train lacks is no part of the model.
        seen: the classes that train has, empty for a number and for a label.
        constant: what is predicted for everybody where train shows a single value; such a column is not fitted.
        centre, scale: of a number.

    Shape:
        target: ``(n_train,)``; valid_target: ``(n_valid,)``; NaN where the label is missing.
    """

    task: Task
    form: Form
    target: np.ndarray
    valid_target: np.ndarray
    seen: tuple[int, ...] = ()
    constant: np.ndarray | None = None
    centre: float = 0.0
    scale: float = 1.0

    @property
    def width(self) -> int:
        """Number of values that a model gives for the column: a value, a probability, or one a seen class."""
        return len(self.seen) if self.form == "classes" else 1

    @property
    def rates(self) -> np.ndarray:
        """Share of each of the ``width`` outcomes among the labelled training rows."""
        known = self.target[~np.isnan(self.target)]
        if self.form == "classes":
            return np.bincount(known.astype(np.int64), minlength=self.width) / len(known)
        return np.array([known.mean()])

    def finish(self, found: np.ndarray) -> np.ndarray:
        """What a model gives for the column, ``(n, width)``, as predictions of the task, in its unit and classes."""
        if self.form == "number":
            return np.asarray(kind_of(self.task).from_scale(found * self.scale + self.centre))
        if not self.task.classes:
            return found
        n_classes = len(self.task.classes)
        # a class that did not occur gets the probability of a single unseen person
        floor = 1.0 / (int((~np.isnan(self.target)).sum()) + n_classes)
        found = np.concatenate([1 - found, found], axis=1) if self.form == "binary" else found
        probability = np.full((len(found), n_classes), floor)
        probability[:, list(self.seen)] = found * (1 - floor * (n_classes - len(self.seen)))
        return probability


def make_columns(train: Dataset, valid: Dataset, tasks: Sequence[Task]) -> list[Column]:
    """The columns of all tasks, in their order.

    Raises:
        ValueError: for a target column without a labelled training row.
    """
    return [
        _make_column(task, name, train.targets[task.name][:, index], valid.targets[task.name][:, index])
        for task in tasks
        for index, name in enumerate(task.target_columns)
    ]


def _make_column(task: Task, name: str, target: np.ndarray, valid_target: np.ndarray) -> Column:
    known = target[~np.isnan(target)]
    if not len(known):
        raise ValueError(f"task {task.name}: {name} has no labelled row to train on; check it or leave the task out")
    kind = kind_of(task)
    if kind.form == "number":
        if (known == known[0]).all():
            return Column(task=task, form="number", target=target, valid_target=valid_target, constant=known[:1].copy())
        known, target, valid_target = (kind.to_scale(values) for values in (known, target, valid_target))
        centre, scale = float(known.mean()), float(known.std())
        return Column(
            task=task,
            form="number",
            target=(target - centre) / scale,
            valid_target=(valid_target - centre) / scale,
            centre=centre,
            scale=scale,
        )
    seen = tuple(int(value) for value in np.unique(known))
    constant = None
    if len(seen) == 1:
        rate = np.eye(kind.n_classes(task))[seen[0]]
        constant = rate if task.classes else rate[1:]
    if not task.classes:
        return Column(task=task, form="binary", target=target, valid_target=valid_target, constant=constant)
    return Column(
        task=task,
        form="binary" if len(seen) == 2 else "classes",
        target=_recode(target, seen),
        valid_target=_recode(valid_target, seen),
        seen=seen,
        constant=constant,
    )


def _recode(target: np.ndarray, seen: Sequence[int]) -> np.ndarray:
    """Indices into ``seen``, NaN for a missing label and for a class that train lacks."""
    found = np.full(len(target), np.nan)
    for code, value in enumerate(seen):
        found[target == value] = code
    return found


def visible_columns(columns: Sequence[Column], feature: np.ndarray, hidden: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Which columns of the design each target column may use.

    Args:
        feature: the feature that each column of the design comes from.
        hidden: by task name, the features that it may not see.

    Shape:
        ``(len(feature), len(columns))`` bool.
    """
    visible = [~np.isin(feature, list(hidden.get(column.task.name, ()))) for column in columns]
    return np.stack(visible, axis=1)


def stack_predictions(columns: Sequence[Column], found: Mapping[int, np.ndarray], n_rows: int) -> dict[str, np.ndarray]:
    """Predictions by task name from what a model gives for the columns that are not constant, by their index."""
    parts: dict[str, list[np.ndarray]] = {}
    for index, column in enumerate(columns):
        constant = column.constant
        values = column.finish(found[index]) if constant is None else np.tile(constant, (n_rows, 1))
        parts.setdefault(column.task.name, []).append(values)
    return {name: np.concatenate(each, axis=1) for name, each in parts.items()}
