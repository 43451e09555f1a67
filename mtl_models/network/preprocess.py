"""Imputation, missing indicators, scaling and category slots as the first layer of a network."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec, Matrices
from mtl_models.data.layout import Layout, finite, positions
from mtl_models.settings import PreprocessSettings


class Prepared(NamedTuple):
    """What an encoder reads.

    Shape:
        values: ``(n_rows, layout.n_values)`` float32, scaled numbers and then 0/1 indicators, none missing.
        slots: ``(n_rows, n_categories)`` int64, 0 to the column's number of categories; that last slot stands for
            missing and unseen.
    """

    values: Tensor
    slots: Tensor


class Preprocessor(nn.Module):
    """From raw matrices to :class:`Prepared`; all statistics are buffers, set by :meth:`fit` on training rows."""

    median: Tensor
    centre: Tensor
    scale: Tensor
    number_columns: Tensor
    indicator_columns: Tensor
    n_categories: Tensor

    def __init__(self, spec: FeatureSpec, layout: Layout, settings: PreprocessSettings) -> None:
        super().__init__()
        self.settings = settings
        names = [feature.name for feature in spec.numeric]
        numbers, indicators = positions(layout.numbers, names), positions(layout.indicators, names)
        sizes = [len(feature.categories) for feature in spec.categorical]
        for name in ("median", "centre"):
            self.register_buffer(name, torch.zeros(len(numbers)))
        self.register_buffer("scale", torch.ones(len(numbers)))
        self.register_buffer("number_columns", torch.tensor(numbers, dtype=torch.int64), persistent=False)
        self.register_buffer("indicator_columns", torch.tensor(indicators, dtype=torch.int64), persistent=False)
        self.register_buffer("n_categories", torch.tensor(sizes, dtype=torch.int64), persistent=False)

    def fit(self, train: Matrices) -> None:
        """Set the statistics; in numpy, since those of Polars are not bit-stable."""
        values = finite(train.numeric)[:, self.number_columns.numpy()]
        median = np.nanmedian(values, axis=0) if values.size else np.zeros(values.shape[1])
        filled = np.where(np.isnan(values), median, values)
        centre, scale = filled.mean(axis=0), filled.std(axis=0)
        if self.settings.scaling == "robust" and values.size:
            low, high = np.nanquantile(values, (0.25, 0.75), axis=0)
            # a normal distribution's quartiles are 1.349 deviations apart; the deviation serves where they coincide
            centre, scale = median, np.where(high > low, (high - low) / 1.349, scale)
        for buffer, statistic in ((self.median, median), (self.centre, centre), (self.scale, scale)):
            buffer.copy_(torch.from_numpy(statistic))

    def forward(self, numeric: Tensor, categorical: Tensor) -> Prepared:
        """Raw matrices (see :class:`mtl_models.data.dataset.Matrices`) to what an encoder reads."""
        known = torch.isfinite(numeric)
        # broadcast rather than expanded to len(numeric), which would freeze the number of rows in an exported graph
        numbers = torch.where(known[:, self.number_columns], numeric[:, self.number_columns], self.median)
        scaled = ((numbers - self.centre) / self.scale).clamp(-self.settings.clip, self.settings.clip)
        missing = (~known[:, self.indicator_columns]).to(scaled.dtype)
        codes = categorical.to(torch.int64)
        inside = (codes >= 0) & (codes < self.n_categories)
        slots = torch.where(inside, codes, self.n_categories)
        return Prepared(torch.cat([scaled, missing], dim=1), slots)
