"""The numbers that a rule of decision comes to, chosen on people who were not trained on."""

from __future__ import annotations

import numpy as np

from mtl_models.metrics.ordered import expected_class

MIN_CASES = 10
"""Fewest cases, or people, that a cut is chosen by: with fewer it is the task's threshold."""
_STEPS = 400
_APART = 1e-6  # neighbouring numbers of 32 bits are nearer below 1


def top_share(probability: np.ndarray, share: float) -> float | None:
    """The threshold that at most this share of people reaches, halfway to the next person.

    Shape:
        probability: ``(n,)``.
    """
    if len(probability) < MIN_CASES:
        return None
    falling = np.sort(probability)[::-1]
    return _between(falling, int(share * len(falling) + 1e-9))


def finding(probability: np.ndarray, target: np.ndarray, sensitivity: float) -> float | None:
    """The highest threshold that this share of the cases reaches, halfway to the person below.

    Shape:
        probability, target: ``(n,)``, the target NaN where it is not known.
    """
    cases = np.sort(probability[target == 1])[::-1]
    if len(cases) < MIN_CASES:
        return None
    last = cases[int(np.ceil(sensitivity * len(cases) - 1e-9)) - 1]
    falling = np.sort(probability)[::-1]
    return _between(falling, int((falling >= last).sum()))


def _between(falling: np.ndarray, n: int) -> float:
    """A number between the first ``n`` and the others; where those at the border are alike, above all of them."""
    if n == 0:
        return float(max((1 + falling[0]) / 2, falling[0] + _APART))
    if n == len(falling):
        return float(falling[-1] / 2)
    if falling[n - 1] == falling[n]:
        return _between(falling, int((falling > falling[n]).sum()))
    return float((falling[n - 1] + falling[n]) / 2)


def cut_expected(prediction: np.ndarray, shares: np.ndarray) -> np.ndarray | None:
    """Cuts of the expected class, so that each class is as frequent as its share.

    Shape:
        prediction: ``(n, n_classes)``; shares: ``(n_classes,)``, summing to 1; result: ``(n_classes - 1,)``.
    """
    if len(prediction) < MIN_CASES:
        return None
    return np.asarray(np.quantile(expected_class(prediction), np.clip(np.cumsum(shares)[:-1], 0, 1)))


def balance_classes(prediction: np.ndarray, shares: np.ndarray) -> np.ndarray | None:
    """Factors of the probabilities, so that the likeliest class after them is as often each as its share.

    A class's factor is raised while it is too rare and lowered while it is too frequent, by ever smaller steps; the
    factors of the best step are kept.

    Shape:
        prediction: ``(n, n_classes)``; shares: ``(n_classes,)``, summing to 1; result: ``(n_classes,)``.
    """
    if len(prediction) < MIN_CASES:
        return None
    logs = np.log(np.clip(prediction, 1e-12, None))
    shift = best = np.zeros(len(shares))
    gap = np.inf
    for step in range(_STEPS):
        found = np.bincount((logs + shift).argmax(axis=1), minlength=len(shares)) / len(prediction)
        if np.abs(found - shares).sum() < gap:
            gap, best = np.abs(found - shares).sum(), shift
        shift = shift + 2.0 * 0.99**step * (shares - found)
    return np.asarray(np.exp(best - best.mean()))
