"""Targets and predictions of one output, as figures are drawn from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Pairs:
    """Targets and predictions of one output, the rows of all seeds and repeats together.

    Attributes:
        repeats: rows a person.
    """

    name: str
    title: str
    target: np.ndarray
    prediction: np.ndarray
    repeats: int

    def people(self, rows: int) -> float:
        """The people whom so many rows stand for."""
        return rows / self.repeats
