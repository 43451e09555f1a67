"""What every baseline shares: one outcome at a time, unlabelled rows dropped, and the degenerate cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.kinds.base import Form, Kind

Encoder = Callable[[Matrices], np.ndarray]
Predictor = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Outcome:
    """One target column and the labelled rows to fit and to choose on.

    Attributes:
        form: number, binary (0 and 1) or classes (three or more, indices ``0 .. n_classes - 1`` that all occur in
            ``target``).
        n_classes: number of classes, 2 for binary, 0 for a number.
        objective: what the model minimises, in its library's words; empty for the usual one of the form.

    Shape:
        inputs: ``(n, d)``; target: ``(n,)``; the same for valid, which may have no rows.
    """

    form: Form
    n_classes: int
    inputs: np.ndarray
    target: np.ndarray
    valid_inputs: np.ndarray
    valid_target: np.ndarray
    objective: str = ""


FitOutcome = Callable[[Outcome], Predictor]
"""Fits one outcome; the predictor gives ``(n,)`` for a number or a binary outcome, ``(n, n_classes)`` else."""


def predict_task(
    task: Task,
    train: Dataset,
    valid: Dataset,
    evaluations: Mapping[str, Dataset],
    encode: Encoder,
    fit: FitOutcome,
    model: str,
) -> dict[str, np.ndarray]:
    """Predictions of ``task`` for every evaluation set, one model fitted for each of its target columns.

    Args:
        model: its name, by which a kind of task may have an objective for it.
    """
    inputs, valid_inputs = encode(train.inputs), encode(valid.inputs)
    encoded = {name: encode(dataset.inputs) for name, dataset in evaluations.items()}
    columns: dict[str, list[np.ndarray]] = {name: [] for name in evaluations}
    for index in range(len(task.target_columns)):
        rows = _Rows(inputs, train.targets[task.name][:, index]).labelled()
        valid_rows = _Rows(valid_inputs, valid.targets[task.name][:, index]).labelled()
        predictor = _fit_column(task, rows, valid_rows, fit, model)
        for name, matrix in encoded.items():
            columns[name].append(predictor(matrix).reshape(len(matrix), -1))
    return {name: np.concatenate(parts, axis=1) for name, parts in columns.items()}


class _Rows(NamedTuple):
    inputs: np.ndarray
    target: np.ndarray

    def labelled(self) -> _Rows:
        known = ~np.isnan(self.target)
        return _Rows(self.inputs[known], self.target[known])


def _fit_column(task: Task, rows: _Rows, valid_rows: _Rows, fit: FitOutcome, model: str) -> Predictor:
    target = rows.target
    if not len(target):
        raise ValueError(f"task {task.name}: no labelled row to train on; check its target or leave the task out")
    kind = kind_of(task)
    if kind.form == "number":
        if (target == target[0]).all():
            return _constant(target[:1])
        outcome = Outcome("number", 0, *rows, *valid_rows, kind.objectives.get(model, ""))
        return fit(outcome) if outcome.objective else _fit_scaled(kind, outcome, fit)
    n_classes = kind.n_classes(task)
    seen = np.unique(target).astype(np.int64)
    if len(seen) == 1:
        rate = np.eye(n_classes)[seen[0]]
        return _constant(rate if task.classes else rate[1:])
    if not task.classes:
        return fit(Outcome("binary", 2, *rows, *valid_rows))
    return _fit_classes(n_classes, seen, Outcome("classes", len(seen), *rows, *valid_rows), fit)


def _fit_scaled(kind: Kind, outcome: Outcome, fit: FitOutcome) -> Predictor:
    """Fit squared errors on the scale of the kind."""
    target, valid_target = kind.to_scale(outcome.target), kind.to_scale(outcome.valid_target)
    predictor = fit(replace(outcome, target=target, valid_target=valid_target))
    return lambda matrix: kind.from_scale(predictor(matrix))


def _fit_classes(n_classes: int, seen: np.ndarray, outcome: Outcome, fit: FitOutcome) -> Predictor:
    """Fit the classes that occur; one that does not gets the probability of a single unseen person."""
    code = np.full(n_classes, -1)
    code[seen] = np.arange(len(seen))
    valid_target = code[outcome.valid_target.astype(np.int64)]
    choosable = valid_target >= 0
    predictor = fit(
        replace(
            outcome,
            form="binary" if len(seen) == 2 else "classes",
            target=code[outcome.target.astype(np.int64)].astype(np.float64),
            valid_inputs=outcome.valid_inputs[choosable],
            valid_target=valid_target[choosable].astype(np.float64),
        )
    )
    floor = 1.0 / (len(outcome.target) + n_classes)

    def predict(matrix: np.ndarray) -> np.ndarray:
        found = predictor(matrix)
        found = np.stack([1 - found, found], axis=1) if len(seen) == 2 else found
        probability = np.full((len(matrix), n_classes), floor)
        probability[:, seen] = found * (1 - floor * (n_classes - len(seen)))
        return probability

    return predict


def _constant(value: np.ndarray) -> Predictor:
    return lambda matrix: np.tile(value, (len(matrix), 1))
