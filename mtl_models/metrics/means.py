"""Means over tasks: of those whose figure is defined, the others named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Mean:
    """A mean over tasks in the sample and in every replicate.

    Attributes:
        values: NaN everywhere if no task has a figure.
        n: tasks that are in it.
        left_out: the others by name.
    """

    values: np.ndarray
    n: int
    left_out: tuple[str, ...]


def mean_of_defined(figures: Mapping[str, np.ndarray]) -> Mean:
    """The mean of those figures that are defined in the sample, ``values[0]``; the same ones in every replicate.

    An undefined figure never counts as a number. Where one of the others is undefined in a replicate, so is the mean.
    """
    kept = {name: values for name, values in figures.items() if not np.isnan(values[0])}
    left_out = tuple(name for name in figures if name not in kept)
    if not kept:
        return Mean(np.full_like(next(iter(figures.values())), np.nan), 0, left_out)
    return Mean(np.mean(list(kept.values()), axis=0), len(kept), left_out)
