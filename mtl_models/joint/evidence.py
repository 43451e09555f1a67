"""Covariances of a Bayesian linear model of several outcomes, learned by maximising the evidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SMALLEST = 1e-8


@dataclass(frozen=True)
class Covariances:
    """What is learned.

    Shape:
        prior: ``(q, q)``, covariance over the outcomes of one input's weights; noise: ``(q,)``, variances.
    """

    prior: np.ndarray
    noise: np.ndarray


def learn_covariances(inputs: np.ndarray, targets: np.ndarray, *, tolerance: float, max_steps: int) -> Covariances:
    """Prior and noise covariances by expectation maximisation.

    With complete labels every step is exact and the evidence never falls: scaled by the noise and turned to the
    prior's eigenvectors, the outcomes are independent ridge regressions. A missing label is a latent variable that is
    taken as independent of the weights, so the weights' spread is understated for outcomes that lack many labels.

    Shape:
        inputs: ``(n, d)``; targets: ``(n, q)``, NaN where the label is missing.
    """
    n_rows, n_inputs = inputs.shape
    centred = inputs - inputs.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    values = np.maximum(values, 0.0)[:, None]
    rotated = centred @ vectors
    missing = np.isnan(targets)
    means, weights = np.nanmean(targets, axis=0), np.zeros((n_inputs, targets.shape[1]))
    found = Covariances(np.eye(targets.shape[1]) / (2 * n_inputs), np.full(targets.shape[1], 0.5))
    for _ in range(max_steps):
        filled = np.where(missing, means + rotated @ weights, targets)
        means = filled.mean(axis=0)
        root = np.sqrt(found.noise)
        shares, turn = np.linalg.eigh(found.prior / root / root[:, None])
        shares = np.maximum(shares, SMALLEST**2)
        # ridge regressions of the independent outcomes, and how far the labels leave their weights open
        inner = (shares / (1 + values * shares)) * (rotated.T @ ((filled - means) / root @ turn))
        spread = shares / (1 + values * shares)
        moments = inner.T @ inner + np.diag(spread.sum(axis=0))
        prior = (turn @ moments @ turn.T) * root * root[:, None] / n_inputs
        weights = (inner @ turn.T) * root
        residual = np.where(missing, 0.0, filled - means - rotated @ weights)
        open_part = (turn**2) @ (values * spread).sum(axis=0) + missing.sum(axis=0)
        noise = np.maximum(((residual**2).sum(axis=0) + found.noise * open_part) / n_rows, SMALLEST)
        change = max(np.abs(prior - found.prior).max() / prior.max(), np.abs(noise / found.noise - 1).max())
        found = Covariances((prior + prior.T) / 2, noise)
        if change <= tolerance:
            break
    return found
