"""Whether a model is worse than another by a margin, where both the people and the training are a matter of chance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.metrics.bootstrap import ENOUGH_DEFINED


@dataclass(frozen=True)
class Noise:
    """How much a gain changes when both models are trained again, with other seeds.

    Attributes:
        variance: of the gain.
        freedom: degrees of freedom of its estimate; infinite where it was not estimated here.
    """

    variance: float = 0.0
    freedom: float = math.inf


def noise_of_seeds(losses: Iterable[Sequence[float]]) -> Noise | None:
    """The noise of a gain between two trainings, from losses on the same people; nothing without two seeds of a model.

    On few people the losses of two seeds differ more than they would on all. What the people add is counted here, and
    once more in the bootstrap over people: the noise is rather too large than too small.

    Args:
        losses: of each model the logarithm of its loss from each of its seeds.
    """
    squares, freedom = 0.0, 0
    for each in losses:
        known = [loss for loss in each if math.isfinite(loss)]
        if len(known) > 1:
            squares += float(np.var(known)) * len(known)
            freedom += len(known) - 1
    return Noise(2 * squares / freedom, freedom) if freedom else None


def noise_of_repeats(gains: Sequence[float]) -> Noise | None:
    """The noise of the mean of gains that were measured on repeated folds; nothing without two."""
    n = len(gains)
    return Noise(float(np.var(gains, ddof=1)) / n, n - 1) if n > 1 else None


@dataclass(frozen=True)
class Margin:
    """What is asked of a gain.

    Attributes:
        loss: the relative loss that is too large.
        widest: where few people cannot tell so small a loss from chance, how far the margin may grow.
        confidence: how sure a model of that loss is refused.
        chance: how often the same recipe may be refused, over both directions and all gains of a family.
        n: gains of the family: each has its part of ``chance``.
    """

    loss: float
    widest: float
    confidence: float = 0.95
    chance: float = 0.05
    n: int = 1


@dataclass(frozen=True)
class NonInferiority:
    """A gain beside its margin.

    Attributes:
        gain: the estimate; nothing where it is undefined, or its spread is.
        low: its lower one-sided limit, over people and trainings.
        told: the smallest loss that can be told from chance: a model of that loss is refused, and the same recipe is
            not, as surely as :class:`Margin` says.
        margin: the loss that decided.
        widened: whether ``told`` is more than was asked for, so that the margin grew.
        passes: whether the loss is smaller than the margin, beyond doubt.
    """

    gain: float | None
    low: float | None
    told: float | None
    margin: float
    widened: bool
    passes: bool


def non_inferiority(gain: np.ndarray, noise: Noise, margin: Margin, *, alike: float | None = None) -> NonInferiority:
    """Test that a model loses less than a margin.

    With the standard error ``s`` over people and trainings the gain must lie above ``-margin + q(confidence) s``. A
    model that loses the margin is then refused as surely as ``confidence``. The same recipe passes in both directions
    with the probability ``1 - chance`` if the margin is at least ``(q(confidence) + q(1 - chance / 2n)) s``: where it
    is smaller it grows to that, as far as ``widest``. ``q`` are quantiles of Student's t, its degrees of freedom after
    Satterthwaite.

    Args:
        alike: the variance over people of a gain between two models of one recipe, where it is known. The margin grows
            by it: a challenger that differs much from the other model must not earn a wider margin by that.

    Shape:
        ``(1 + n_replicates,)``, the estimate first, the bootstrap over people behind it.

    Source:
        Satterthwaite (1946), An Approximate Distribution of Estimates of Variance Components.
    """
    from scipy.special import stdtrit

    replicates = gain[1:]
    defined = replicates[~np.isnan(replicates)]
    if np.isnan(gain[0]) or len(defined) < max(2, ENOUGH_DEFINED * len(replicates)):
        return NonInferiority(None, None, None, margin.loss, False, False)
    over_people = float(np.var(defined))
    freedom, error = _spread(over_people, noise)
    sure = float(stdtrit(freedom, margin.confidence)) * error
    freedom, error = _spread(over_people if alike is None else alike, noise)
    shares = (margin.confidence, 1 - margin.chance / (2 * margin.n))
    told = sum(float(stdtrit(freedom, share)) for share in shares) * error
    held = min(max(margin.loss, told), max(margin.widest, margin.loss))
    low = float(gain[0]) - sure
    return NonInferiority(float(gain[0]), low, told, held, told > margin.loss, low > -held)


def _spread(over_people: float, noise: Noise) -> tuple[float, float]:
    """Degrees of freedom and standard error over people and trainings."""
    variance = over_people + noise.variance
    freedom = min(noise.freedom * (variance / noise.variance) ** 2, 1e9) if noise.variance > 0 else 1e9
    return freedom, math.sqrt(variance)
