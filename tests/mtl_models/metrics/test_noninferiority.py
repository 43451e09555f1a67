"""Worse by a margin or not: by hand, and how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import pytest

from mtl_models.metrics.noninferiority import Margin, Noise, noise_of_repeats, noise_of_seeds, non_inferiority

Z95, Z975, Z9875 = 1.644854, 1.959964, 2.241403  # quantiles of the normal distribution


def spread(gain: float, error: float, n: int = 1000) -> np.ndarray:
    """A gain and resamples whose standard deviation is ``error``."""
    return np.append(gain, gain + error * np.tile([1.0, -1.0], n // 2))


def test_limit_margin_and_verdict_by_hand() -> None:
    """Over people 0.03, over trainings 0.04: together 0.05."""
    noise = Noise(0.04**2)
    found = non_inferiority(spread(0.01, 0.03), noise, Margin(0.1, 0.5))
    assert found.low == pytest.approx(0.01 - Z95 * 0.05, rel=1e-4)
    assert found.told == pytest.approx((Z95 + Z975) * 0.05, rel=1e-4)
    assert (found.margin, found.widened, found.passes) == (found.told, True, True)
    assert non_inferiority(spread(-0.11, 0.03), noise, Margin(0.1, 0.5)).passes is False
    half = non_inferiority(spread(0.01, 0.03), noise, Margin(0.1, 0.5, chance=0.05, n=2))
    assert half.told == pytest.approx((Z95 + Z9875) * 0.05, rel=1e-4)
    capped = non_inferiority(spread(0.01, 0.03), noise, Margin(0.1, 0.15))
    assert (capped.margin, capped.widened) == (0.15, True)
    asked = non_inferiority(spread(-0.1, 0.03), noise, Margin(0.2, 0.15))
    assert (asked.margin, asked.widened, asked.passes) == (0.2, False, True)


def test_noise_by_hand() -> None:
    """Two models with two seeds each: variances 0.02 and 0.08 with one degree of freedom each, so 0.05; twice that."""
    found = noise_of_seeds([[0.0, 0.2], [1.0, 1.4]])
    assert found is not None
    assert found.variance == pytest.approx(2 * (0.02 + 0.08) / 2)
    assert found.freedom == 2
    assert noise_of_seeds([[0.5], [0.3]]) is None
    assert noise_of_seeds([[math.nan, 0.1, 0.3], []]) == noise_of_seeds([[0.1, 0.3]])
    repeats = noise_of_repeats([0.0, 0.2])
    assert repeats == Noise(pytest.approx(0.02 / 2), 1)
    assert noise_of_repeats([0.1]) is None


def test_few_degrees_of_freedom_make_it_less_sure() -> None:
    sure = non_inferiority(spread(0.0, 0.03), Noise(0.04**2), Margin(0.1, 0.5))
    few = non_inferiority(spread(0.0, 0.03), Noise(0.04**2, 2), Margin(0.1, 0.5))
    assert sure.low is not None
    assert few.low is not None
    assert few.low < 1.1 * sure.low < sure.low < 0


def test_what_has_no_spread_over_people_does_not_pass() -> None:
    for gain in (np.full(101, np.nan), np.append(0.5, np.full(100, np.nan)), np.array([0.5])):
        found = non_inferiority(gain, Noise(), Margin(0.1, 0.5))
        assert (found.gain, found.low, found.passes) == (None, None, False)


@pytest.mark.parametrize(("over_people", "over_seeds"), [(0.002, 0.004), (0.02, 0.003)])
def test_both_errors_are_rarer_than_one_in_twenty(over_people: float, over_seeds: float) -> None:
    """The same recipe passes both ways, one that is worse by the margin does not; with three seeds a model."""
    generator, tries, both, refused = np.random.default_rng(0), 400, 0, 0
    margin = Margin(1e-9, 1.0)
    for _ in range(tries):
        seeds = generator.normal(0, over_seeds, (2, 3)) + generator.normal(0, over_people / math.sqrt(2), (2, 3))
        noise = noise_of_seeds(seeds.tolist())
        assert noise is not None
        gain = seeds[0, 0] - seeds[1, 0]
        there, back = (non_inferiority(spread(each, over_people, 100), noise, margin) for each in (gain, -gain))
        both += there.passes and back.passes
        lost = gain - there.margin
        refused += not non_inferiority(spread(lost, over_people, 100), noise, margin).passes
    assert min(both, refused) >= 0.95 * tries
