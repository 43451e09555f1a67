"""What a correction is worth on people that it was not fitted on: likelihood a person, observed over expected."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_models.correction.fitting import Fit
from mtl_models.correction.parts import Part
from mtl_models.correction.scales import SCALES, SMALLEST
from mtl_models.kinds import kind_of


@dataclass(frozen=True)
class Gain:
    """A part before and after a correction, on the same people.

    Attributes:
        n: people with a label.
        value: mean gain in log-likelihood a person, in nats; above 0 is better.
        low, high: its interval.
        observed: the mean outcome.
        before, after: what was expected.
    """

    n: int
    value: float
    low: float
    high: float
    observed: float
    before: float
    after: float


def gain_of(part: Part, fit: Fit, *, spread: float = 1.0, z: float = 1.959964) -> Gain:
    """Measure a correction.

    Args:
        part: people that it was not fitted on.
        fit: the correction.
        spread: of a number, the standard deviation of the errors before, by which they are measured.
        z: the interval reaches so many standard errors to both sides.
    """
    moved = fit.on_scale(part.values)
    if kind_of(part.task).form == "number":
        errors = [(part.target - values[:, 0]) / spread for values in (part.values, moved)]
        each = (errors[0] ** 2 - errors[1] ** 2) / 2
    else:
        said = [np.log(np.clip(_of_what_happened(part, values), SMALLEST, 1.0)) for values in (part.values, moved)]
        each = said[1] - said[0]
    mean, error = float(each.mean()), float(each.std(ddof=1) / np.sqrt(part.n)) if part.n > 1 else float("inf")
    return Gain(part.n, mean, mean - z * error, mean + z * error, part.observed, part.expected(), part.expected(moved))


def spread_of(part: Part) -> float:
    """The standard deviation of a number's errors; 1 for probabilities."""
    if kind_of(part.task).form != "number":
        return 1.0
    return float(np.sqrt(((part.target - part.values[:, 0]) ** 2).mean())) or 1.0


def _of_what_happened(part: Part, values: np.ndarray) -> np.ndarray:
    """The probability of each outcome. Shape: ``(n,)``."""
    said = SCALES[kind_of(part.task).scale].back(values)
    if said.shape[1] == 1:
        return np.asarray(np.where(part.target == 1, said[:, 0], 1 - said[:, 0]))
    return np.asarray(said[np.arange(part.n), part.target.astype(np.int64)])
