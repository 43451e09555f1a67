"""Inputs of a linear model: imputed, standardised, with missing indicators and one column a category."""

from __future__ import annotations

import numpy as np

from mtl_models.baselines.outcome import Encoder
from mtl_models.data import FeatureSpec, Matrices


def fit_linear_encoder(train: Matrices, spec: FeatureSpec) -> Encoder:
    """Encoder whose medians, means and deviations come from the rows of ``train`` alone.

    A number's gap takes the median; an indicator column says so where train had both kinds. A category column that
    train never or always fills is left out; an unseen category is all zeros.
    """
    numeric = train.numeric.astype(np.float64)
    observed = ~np.isnan(numeric)
    median = np.array([np.median(numeric[seen, index]) if seen.any() else 0.0 for index, seen in enumerate(observed.T)])
    gaps = np.flatnonzero(observed.any(axis=0) & ~observed.all(axis=0))
    sizes = [len(feature.categories) for feature in spec.categorical]

    def expand(inputs: Matrices) -> np.ndarray:
        missing = np.isnan(inputs.numeric)
        filled = np.where(missing, median, inputs.numeric)
        hot = [inputs.categorical[:, [index]] == np.arange(size) for index, size in enumerate(sizes)]
        return np.concatenate([filled, missing[:, gaps], *hot], axis=1).astype(np.float64)

    design = expand(train)
    mean, deviation = design.mean(axis=0), design.std(axis=0)
    kept = deviation > 1e-9 * np.maximum(np.abs(mean), 1e-9)

    def encode(inputs: Matrices) -> np.ndarray:
        return np.ascontiguousarray(((expand(inputs) - mean)[:, kept] / deviation[kept]).clip(-10, 10))

    return encode
