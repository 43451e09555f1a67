"""Distances from calibration beside what chance explains."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_models.metrics.calibration import calibration_of_numbers, calibration_of_probabilities


def test_of_one_probability_by_hand() -> None:
    """Everybody is told 0.2 and 30 of 100 have it: off by 0.1. Their sum has the deviation 4, 1.96 times it 0.078."""
    outcome = np.repeat([1.0, 0.0], [30, 70])
    found = calibration_of_probabilities(outcome, np.full(100, 0.2))
    assert found.error == pytest.approx(0.1)
    assert found.chance == pytest.approx(1.96 * 0.04, rel=0.05)
    assert found.excess == pytest.approx(found.error - found.chance)


def test_of_a_number_by_hand() -> None:
    """Deviation of the outcome 1, of the errors 1, their mean 0.5: off by 0.5, of which chance explains 0.196."""
    outcome = np.tile([1.0, -1.0], 50)
    found = calibration_of_numbers(outcome, np.full(100, 0.5))
    assert (found.error, found.chance) == (pytest.approx(0.5), pytest.approx(0.196))


def test_one_in_twenty_calibrated_models_exceeds_chance() -> None:
    generator = np.random.default_rng(0)
    p = generator.beta(1, 4, 500)
    found = [calibration_of_probabilities((generator.random(500) < p).astype(float), p).excess > 0 for _ in range(200)]
    assert 0.01 < np.mean(found) < 0.1
    half = calibration_of_probabilities((generator.random(500) < p).astype(float), p / 2)
    assert half.excess > 0.05
