"""Shift and slope of a part of a task, by maximum likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.correction.parts import Part
from mtl_models.correction.record import Correction
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of

NONE, INTERCEPT, TEMPERATURE, SLOPE = "none", "intercept", "temperature", "slope"
METHODS = {NONE: (False, False), INTERCEPT: (True, False), TEMPERATURE: (False, True), SLOPE: (True, True)}
"""Whether shift and slope are fitted; ``slope`` means both, on logits known as Platt scaling."""
_STEPS, _CLOSE = 100, 1e-8


@dataclass(frozen=True)
class Fit:
    """What a method makes of a part.

    Attributes:
        slope, shift: one of both a column of the part.
        freedom: how many numbers were fitted.
        log_likelihood: of the people it was fitted on. Of numbers that of a normal error whose spread is fitted too.
        found: whether there is a best fit; else slope and shift change nothing.
    """

    method: str
    slope: tuple[float, ...]
    shift: tuple[float, ...]
    freedom: int
    log_likelihood: float
    found: bool = True

    def on_scale(self, values: np.ndarray) -> np.ndarray:
        """Corrected values. Shape: ``(n, n_columns)`` both."""
        return np.asarray(np.asarray(self.shift) + np.asarray(self.slope) * values)


def fit_part(part: Part, method: str, *, min_events: int = 1) -> Fit:
    """Fit a part by a method of :data:`METHODS`.

    Of classes each has a shift of its own, but the commonest one and those of fewer than ``min_events`` people, which
    keep 0; of ordered classes the shift is one number times the place in the order.

    Units:
        a shift is in the task's unit for a number, else in logits.
    """
    shifts, slope = METHODS[method]
    if kind_of(part.task).form == "number":
        return _fit_number(part, method, shifts, slope)
    offset = part.values if len(part.columns) > 1 else np.hstack([np.zeros_like(part.values), part.values])
    directions = _directions(part, min_events) if shifts else np.empty((0, offset.shape[1]))
    designs = [np.broadcast_to(each, offset.shape) for each in directions] + ([offset] if slope else [])
    numbers, log_likelihood, found = _maximise(part.target.astype(np.int64), offset, designs)
    moved = numbers[: len(directions)] @ directions
    steep = 1.0 + (numbers[-1] if slope else 0.0)
    shift = moved if len(part.columns) > 1 else moved[1:]
    return Fit(method, (float(steep),) * len(part.columns), tuple(shift.tolist()), len(designs), log_likelihood, found)


def _directions(part: Part, min_events: int) -> np.ndarray:
    """The shifts that are free. Shape: ``(n_free, n_classes)``."""
    kind, n_classes = kind_of(part.task), max(2, len(part.columns))
    if len(part.columns) == 1:
        return np.array([[0.0, 1.0]])
    if kind.ordered:
        return (np.arange(n_classes) - (n_classes - 1) / 2)[None]
    free = [place for place in range(n_classes) if part.counts[place] >= min_events]
    return np.eye(n_classes)[[place for place in free if place != int(part.counts.argmax())]]


def _maximise(target: np.ndarray, offset: np.ndarray, designs: Sequence[np.ndarray]) -> tuple[np.ndarray, float, bool]:
    """The numbers that make ``softmax(offset + sum(number * design))`` likeliest, by Newton's method.

    Shape:
        target: ``(n,)`` int; offset and each design: ``(n, n_classes)``.
    """
    rows = np.arange(len(target))
    stacked = np.stack([*designs], axis=2) if designs else np.empty((*offset.shape, 0))
    flat, numbers = stacked.reshape(offset.size, len(designs)), np.zeros(len(designs))

    def log_probability(at: np.ndarray) -> np.ndarray:
        values = offset + stacked @ at
        top = values.max(axis=1, keepdims=True)
        return np.asarray(values - top - np.log(np.exp(values - top).sum(axis=1, keepdims=True)))

    logs = log_probability(numbers)
    best, found = float(logs[rows, target].sum()), not designs
    for _ in range(_STEPS if designs else 0):
        probability = np.exp(logs)
        mean = (probability[:, :, None] * stacked).sum(axis=1)
        gradient = (stacked[rows, target] - mean).sum(axis=0)
        second = flat.T @ (probability.reshape(-1, 1) * flat) - mean.T @ mean
        try:
            step = np.linalg.solve(second, gradient)
        except np.linalg.LinAlgError:
            break
        if not np.isfinite(step).all() or np.abs(numbers).max() > 50:  # the likelihood has no maximum: classes apart
            break
        near = float(gradient @ step) < _CLOSE  # then one more step is exact
        for _ in range(30):
            logs = log_probability(numbers + step)
            reached = float(logs[rows, target].sum())
            if reached >= best:
                break
            step = step / 2
        else:
            found = True  # as far as float64 tells
            break
        numbers, best = numbers + step, reached
        if near:
            found = best < -_CLOSE * len(target)  # else outcomes are told apart without a fault, and there is no end
            break
    if not found:
        return np.zeros(len(designs)), float(log_probability(np.zeros(len(designs)))[rows, target].sum()), False
    return numbers, best, True


def _fit_number(part: Part, method: str, shifts: bool, slope: bool) -> Fit:
    """Least squares."""
    said, target = part.values[:, 0], part.target
    steep, shift, found = 1.0, 0.0, True
    if slope:
        mean = (said.mean(), target.mean()) if shifts else (0.0, 0.0)
        spread = float(((said - mean[0]) ** 2).sum())
        found = spread > 0
        steep = float(((said - mean[0]) * (target - mean[1])).sum()) / spread if found else 1.0
    if shifts:
        shift = float((target - steep * said).mean())
    errors = target - shift - steep * said
    variance = max(float((errors**2).mean()), 1e-300)
    log_likelihood = -0.5 * len(target) * (np.log(2 * np.pi * variance) + 1)
    return Fit(method, (steep,), (shift,), int(shifts) + int(slope), float(log_likelihood), found)


def correction_of(task: Task, fits: Sequence[tuple[Part, Fit]]) -> Correction:
    """The correction of a task from what was fitted to its parts; a part that is not named stays as it is."""
    held = Correction.none(task)
    slope, shift = list(held.slope), list(held.shift)
    for part, fit in fits:
        for place, steep, moved in zip(part.columns, fit.slope, fit.shift, strict=True):
            slope[place], shift[place] = steep, moved
    return Correction(held.scale, tuple(slope), tuple(shift))
