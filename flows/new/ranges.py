"""A range for what was seen: with a margin, and round, so that it tells nobody's value."""

from __future__ import annotations

import math
from collections.abc import Iterable

MARGIN = 0.25  # of the span, on either side


def plausible_range(low: float, high: float, special: Iterable[float] = ()) -> tuple[float, float]:
    """Round limits around ``low`` and ``high``; numbers that were never negative stay so, and special codes outside."""
    span = max(high - low, 1e-6 * max(abs(low), abs(high)))
    if span < 1e-9:
        span = 1.0
    step = _round_step(span / 10)
    below = math.floor((low - MARGIN * span) / step) * step
    above = math.ceil((high + MARGIN * span) / step) * step
    if low >= 0:
        below = max(below, 0.0)
    for code in special:
        if high < code <= above:
            above = _before(high, code)
        if below <= code < low:
            below = -_before(-low, -code)
    return min(_exact(below), low), max(_exact(above), high)


def _before(seen: float, code: float) -> float:
    """A limit between the last value and a code, the roundest there is: the code itself is outside."""
    middle = (seen + code) / 2
    return float(math.floor(middle)) if math.floor(middle) >= seen else middle


def _round_step(size: float) -> float:
    """1, 2 or 5 times a power of ten, at most ``size``."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(factor * power for factor in (5.0, 2.0, 1.0) if factor * power <= size * (1 + 1e-9))


def _exact(value: float) -> float:
    return float(f"{value:.12g}")
