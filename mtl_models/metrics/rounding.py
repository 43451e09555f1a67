"""Figures as plain JSON numbers: rounded, with their interval, and null where undefined or hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_models.metrics.bootstrap import percentile_interval, recentred_interval


@dataclass(frozen=True)
class Rounding:
    """How many decimals a figure has, and how wide its interval is."""

    digits: int
    confidence: float

    def number(self, value: float) -> float | None:
        """``value`` rounded, nothing for NaN, and no negative zero."""
        return None if np.isnan(value) else round(float(value), self.digits) + 0.0

    def figure(self, values: np.ndarray, *, shown: bool, recentred: bool = False) -> dict[str, float | None]:
        """The estimate ``values[0]`` and its interval, which is left out where it may not be shown."""
        method = recentred_interval if recentred else percentile_interval
        interval = method(values, confidence=self.confidence) if shown else None
        low, high = interval or (float("nan"), float("nan"))
        return {"value": self.number(values[0]), "low": self.number(low), "high": self.number(high)}
