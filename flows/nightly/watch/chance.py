"""How far counts differ from a reference, and whether chance alone would do that: sizes that do not depend on n."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schemas.limits.chance import upper_tail

LEAST_EXPECTED = 5
"""A bin that both samples together let expect fewer people than this is put together with its neighbour: the
distribution of the test would not hold."""
SMOOTHING = 0.5  # of a person in each bin, so that an empty one has a logarithm


@dataclass(frozen=True)
class Shift:
    """How far a distribution is from its reference.

    Attributes:
        value: population stability index, what chance adds to it taken off; None where so few people say nothing.
        p: how likely chance alone brings as much.
    """

    value: float | None
    p: float = 1.0


def shift_of(counts: np.ndarray, reference: np.ndarray) -> Shift:
    """The population stability index of two histograms of the same bins, and the chi-squared test that they are alike.

    The index of two samples of one distribution is ``(bins - 1) * (1 / n + 1 / m)`` on average, whatever that is; this
    is taken off, so that the rest means the same for 50 people as for a million.

    Shape:
        ``(n_bins,)`` counts each.
    """
    table = _gathered(np.stack([counts, reference]).astype(np.float64))
    sizes, bins = table.sum(axis=1), table.shape[1]
    if bins < 2 or not sizes.all():
        return Shift(None)
    shares = (table + SMOOTHING) / (sizes[:, None] + SMOOTHING * bins)
    index = float(((shares[0] - shares[1]) * np.log(shares[0] / shares[1])).sum())
    by_chance = (bins - 1) * float((1 / sizes).sum())
    expected = sizes[:, None] * table.sum(axis=0) / sizes.sum()
    return Shift(max(0.0, index - by_chance), _tail(float(((table - expected) ** 2 / expected).sum()), bins - 1))


def _gathered(table: np.ndarray) -> np.ndarray:
    """Neighbouring bins put together until the smaller sample lets expect enough in each.

    Shape:
        ``(2, n_bins)`` each.
    """
    sizes = table.sum(axis=1)
    expected = table.sum(axis=0) * sizes.min() / max(sizes.sum(), 1)
    places, held, last = [], 0.0, 0
    for each in expected:
        places.append(last)
        held += each
        if held >= LEAST_EXPECTED:
            held, last = 0.0, last + 1
    if held < LEAST_EXPECTED and last:  # what is left at the end goes to the last whole one
        places = [min(place, last - 1) for place in places]
    found = np.zeros((2, max(places, default=0) + 1))
    np.add.at(found.T, places, table.T)
    return found


def _tail(squares: float, freedom: int) -> float:
    """Probability of so large a sum of squares, or a larger one, by the chi-squared distribution."""
    from scipy.special import chdtrc  # a tenth of a second, and most commands ask for none

    return float(chdtrc(freedom, squares))


def more_than(k: int, n: int, usual_k: int, usual_n: int) -> float:
    """How likely ``k`` or more of ``n`` are by chance where ``usual_k`` of ``usual_n`` were before."""
    return upper_tail(k, n, (usual_k + 1) / (usual_n + 2))
