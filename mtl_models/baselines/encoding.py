"""Inputs of a linear model: imputed, standardised, with missing indicators and one column a category."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mtl_models.data.dataset import FeatureSpec, Matrices


@dataclass(frozen=True)
class LinearEncoder:
    """From raw matrices to the design matrix, with the statistics of the training rows.

    Attributes:
        feature: index into ``spec.features`` of the feature that each column of the design comes from.

    Shape:
        median: ``(n_numeric,)``; gaps: numbers with an indicator; sizes: ``(n_categorical,)``; kept: columns of the
        expanded matrix that vary; mean, deviation, feature: one for each of these.
    """

    median: np.ndarray
    gaps: np.ndarray
    sizes: tuple[int, ...]
    kept: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray
    feature: np.ndarray

    def __call__(self, inputs: Matrices) -> np.ndarray:
        """The design matrix, ``(n_rows, n_columns)`` float64."""
        design = _expand(inputs, self.median, self.gaps, self.sizes)[:, self.kept]
        return np.ascontiguousarray(((design - self.mean) / self.deviation).clip(-10, 10))


def fit_linear_encoder(train: Matrices, spec: FeatureSpec) -> LinearEncoder:
    """Encoder whose medians, means and deviations come from the rows of ``train`` alone.

    A number's gap takes the median; an indicator column says so where train had both kinds. A category column that
    train never or always fills is left out; an unseen category is all zeros.
    """
    numeric = train.numeric.astype(np.float64)
    observed = ~np.isnan(numeric)
    median = np.array([np.median(numeric[seen, index]) if seen.any() else 0.0 for index, seen in enumerate(observed.T)])
    gaps = np.flatnonzero(observed.any(axis=0) & ~observed.all(axis=0))
    sizes = tuple(len(feature.categories) for feature in spec.categorical)
    design = _expand(train, median, gaps, sizes)
    mean, deviation = design.mean(axis=0), design.std(axis=0)
    kept = np.flatnonzero(deviation > 1e-9 * np.maximum(np.abs(mean), 1e-9))
    numbers = np.array([index for index, each in enumerate(spec.features) if not each.categories], dtype=np.int64)
    categories = np.array([index for index, each in enumerate(spec.features) if each.categories], dtype=np.int64)
    feature = np.concatenate([numbers, numbers[gaps], np.repeat(categories, sizes)])
    return LinearEncoder(median, gaps, sizes, kept, mean[kept], deviation[kept], feature[kept])


def _expand(inputs: Matrices, median: np.ndarray, gaps: np.ndarray, sizes: tuple[int, ...]) -> np.ndarray:
    """Filled numbers, indicators of the gaps, and one column a category."""
    missing = np.isnan(inputs.numeric)
    filled = np.where(missing, median, inputs.numeric)
    hot = [inputs.categorical[:, [index]] == np.arange(size) for index, size in enumerate(sizes)]
    return np.concatenate([filled, missing[:, gaps], *hot], axis=1).astype(np.float64)
