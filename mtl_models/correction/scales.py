"""The scales on which predictions are corrected: numbers as they are, logits of labels, logarithms over classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

SMALLEST = 1e-7  # a probability of 0 or 1 in float32 is taken for one that far from it


@dataclass(frozen=True)
class Scale:
    """A scale.

    Attributes:
        to: predictions to values on it, Shape: ``(n, n_outputs)`` both;
        back: and back.
        step: the step of a graph that leads back (an operator of ONNX); none where predictions are on it themselves.
    """

    to: Callable[[np.ndarray], np.ndarray]
    back: Callable[[np.ndarray], np.ndarray]
    step: str


def _same(values: np.ndarray) -> np.ndarray:
    return values


def _logit(probability: np.ndarray) -> np.ndarray:
    held = np.clip(probability, SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(held) - np.log1p(-held))


def _sigmoid(logit: np.ndarray) -> np.ndarray:
    small = np.exp(-np.abs(logit))
    return np.asarray(np.where(logit >= 0, 1.0, small) / (1.0 + small))


def _log(probability: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.clip(probability, SMALLEST, 1.0)))


def _softmax(values: np.ndarray) -> np.ndarray:
    grown = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(grown / grown.sum(axis=1, keepdims=True))


SCALES = {
    "number": Scale(_same, _same, ""),
    "logit": Scale(_logit, _sigmoid, "Sigmoid"),
    "log": Scale(_log, _softmax, "Softmax"),
}
"""By the name that a kind of task gives under ``scale``."""
