"""How far a model is off its calibration, beyond what a perfectly calibrated one of as many people would be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_models.metrics.binary import ECE_BINS, equal_mass_bins, expected_calibration_error

_DRAWS = 2000


@dataclass(frozen=True)
class Calibration:
    """A distance from calibration beside its chance.

    Attributes:
        error: of the model: the expected calibration error of probabilities, or of numbers the distance of their mean
            from the outcomes' mean in standard deviations of the outcome.
        chance: what one in twenty perfectly calibrated models of as many people exceeds.
    """

    error: float
    chance: float

    @property
    def excess(self) -> float:
        """What chance does not explain."""
        return max(0.0, self.error - self.chance)


def calibration_of_probabilities(target: np.ndarray, probability: np.ndarray, *, seed: int = 0) -> Calibration:
    """Of the probability of an outcome of 0 and 1, all labelled.

    The perfectly calibrated model says the same probabilities, and the outcomes are drawn from them. In a bin their sum
    is nearly normal, with the variance that the probabilities give.

    Shape:
        both ``(n,)``.
    """
    bins = equal_mass_bins(probability)
    variances = np.bincount(bins, probability * (1 - probability), ECE_BINS)
    draws = np.random.default_rng(seed).normal(size=(_DRAWS, ECE_BINS)) * np.sqrt(variances)
    perfect = np.abs(draws).sum(axis=1) / len(target)
    error = expected_calibration_error(target, probability, np.ones((len(target), 1)))[0]
    return Calibration(float(error), float(np.quantile(perfect, 0.95)))


def calibration_of_numbers(target: np.ndarray, prediction: np.ndarray) -> Calibration:
    """Of a predicted number, all labelled and not all the same: its mean beside the outcomes' mean.

    Shape:
        both ``(n,)``.
    """
    spread, errors = float(np.std(target)), target - prediction
    chance = 1.96 * float(np.std(errors)) / np.sqrt(len(target))
    return Calibration(abs(float(errors.mean())) / spread, float(chance) / spread)
