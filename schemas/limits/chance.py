"""How likely a count is: the upper tail of the binomial distribution, exact and without a library."""

from __future__ import annotations

import math


def upper_tail(k: int, n: int, p: float) -> float:
    """Probability of ``k`` or more of ``n`` where each happens with probability ``p``, strictly between 0 and 1."""
    if k <= 0:
        return 1.0
    if k > n:
        return 0.0
    if k <= n * p:  # in the lower half the sum from below is the short one
        return 1.0 - upper_tail(n - k + 1, n, 1.0 - p)
    ratio = p / (1.0 - p)
    log_term = (
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * math.log(p) + (n - k) * math.log1p(-p)
    )
    term = total = 1.0
    for i in range(k, n):
        term *= (n - i) / (i + 1) * ratio
        total += term
        if term < total * 1e-16:
            break
    return min(1.0, math.exp(log_term) * total)
