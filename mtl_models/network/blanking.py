"""Whole source tables taken away at random in training, and one by one to see what their absence costs."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mtl_models.data.dataset import FeatureSpec, Matrices
from mtl_models.data.layout import Layout
from mtl_models.network.preprocess import Prepared, Preprocessor


def source_tables(spec: FeatureSpec) -> tuple[str, ...]:
    """Names of the tables that the features come from, in order of first appearance."""
    return tuple(dict.fromkeys(table for feature in spec.features for table in feature.tables))


def without_tables(inputs: Matrices, spec: FeatureSpec, tables: set[str]) -> Matrices:
    """Raw matrices as they are when these tables have not arrived."""
    names = {feature.name for feature in spec.features if tables.intersection(feature.tables)}
    return without_features(inputs, spec, names)


def without_features(inputs: Matrices, spec: FeatureSpec, names: set[str]) -> Matrices:
    """Raw matrices in which these features are missing for everybody."""
    numeric, categorical = inputs.numeric.copy(), inputs.categorical.copy()
    numeric[:, [feature.name in names for feature in spec.numeric]] = np.nan
    categorical[:, [feature.name in names for feature in spec.categorical]] = -1
    return Matrices(numeric, categorical)


class TableBlanker(nn.Module):
    """Prepared rows in which each source table is missing with some chance, as if it had not arrived.

    Shape:
        :class:`Prepared` to :class:`Prepared`.
    """

    values_of: Tensor
    slots_of: Tensor
    blank_values: Tensor
    blank_slots: Tensor

    def __init__(self, spec: FeatureSpec, layout: Layout, preprocess: Preprocessor, *, chance: float) -> None:
        super().__init__()
        self.chance = chance
        needs = {feature.name: feature.tables for feature in spec.features}
        tables = source_tables(spec)

        def members(names: tuple[str, ...]) -> Tensor:
            return torch.tensor([[table in needs[name] for name in names] for table in tables]).reshape(
                len(tables), len(names)
            )

        self.register_buffer("values_of", members((*layout.numbers, *layout.indicators)).float())
        self.register_buffer("slots_of", members(layout.categories).float())
        empty = torch.full((1, len(spec.numeric)), float("nan")), torch.full((1, len(spec.categorical)), -1)
        blank = preprocess(*empty)
        self.register_buffer("blank_values", blank.values)
        self.register_buffer("blank_slots", blank.slots)

    def forward(self, prepared: Prepared) -> Prepared:
        """Take tables away; which ones differs from row to row."""
        shape = (len(prepared.values), len(self.values_of))
        gone = (torch.rand(shape, device=prepared.values.device) < self.chance).float()
        values = torch.where(gone @ self.values_of > 0, self.blank_values, prepared.values)
        slots = torch.where(gone @ self.slots_of > 0, self.blank_slots, prepared.slots)
        return Prepared(values, slots)
