"""Figures as plain JSON numbers: rounded, with their interval, and null where undefined or hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_models.metrics.replicates import interval_of


@dataclass(frozen=True)
class Rounding:
    """How many decimals a figure has, and how wide its interval is."""

    digits: int
    confidence: float

    def number(self, value: float) -> float | None:
        """``value`` rounded, nothing for NaN, and no negative zero."""
        return None if np.isnan(value) else round(float(value), self.digits) + 0.0

    def figure(self, metric: str, values: np.ndarray, *, shown: bool) -> dict[str, float | None]:
        """The estimate ``values[0]`` and its interval, which is left out where it may not be shown."""
        interval = interval_of(metric, values, self.confidence) if shown else None
        low, high = interval or (float("nan"), float("nan"))
        return {"value": self.number(values[0]), "low": self.number(low), "high": self.number(high)}
