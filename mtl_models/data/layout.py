"""Which inputs a network makes of the feature columns: decided once, on training rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mtl_models.data.dataset import FeatureSpec, Matrices


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Input columns by name.

    Attributes:
        numbers: number columns that vary among the training rows.
        indicators: number columns whose being missing is an input of its own. Columns that are missing in the same
            training rows (the items of one questionnaire) share the first one's indicator.
        categories: category columns.
        graded: the numbers that take more than two values; a curve has nothing to say of the others.
    """

    numbers: tuple[str, ...]
    indicators: tuple[str, ...]
    categories: tuple[str, ...]
    graded: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, list[str]]:
        """Plain JSON types; ``from_dict`` gives the same layout back."""
        return {key: list(value) for key, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> Layout:
        """The layout that ``to_dict`` gave."""
        return cls(**{key: tuple(value) for key, value in record.items()})

    def of_domain(self, spec: FeatureSpec, domain: str) -> Layout:
        """The part of the layout that belongs to a feature domain."""
        names = {feature.name for feature in spec.features if feature.domain == domain}
        return Layout(
            numbers=tuple(name for name in self.numbers if name in names),
            indicators=tuple(name for name in self.indicators if name in names),
            categories=tuple(name for name in self.categories if name in names),
            graded=tuple(name for name in self.graded if name in names),
        )

    @property
    def n_values(self) -> int:
        """Number of float inputs: numbers, then indicators."""
        return len(self.numbers) + len(self.indicators)


def positions(names: Sequence[str], within: Sequence[str]) -> list[int]:
    """Where each of ``names`` stands in ``within``."""
    index = {name: position for position, name in enumerate(within)}
    return [index[name] for name in names]


def finite(numeric: np.ndarray) -> np.ndarray:
    """``numeric`` as float64 with NaN for everything that is not a finite number."""
    values = numeric.astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def plan_layout(spec: FeatureSpec, train: Matrices) -> Layout:
    """Layout for a network that is trained on these rows.

    Raises:
        ValueError: if no feature varies among them.
    """
    values = finite(train.numeric)
    numbers: list[str] = []
    graded: list[str] = []
    indicators: dict[bytes, str] = {}
    for feature, column in zip(spec.numeric, values.T, strict=True):
        missing = np.isnan(column)
        known = column[~missing]
        if known.size and known.min() < known.max():
            numbers.append(feature.name)
            if np.unique(known).size > 2:
                graded.append(feature.name)
        if known.size and missing.any():
            indicators.setdefault(missing.tobytes(), feature.name)
    categories = tuple(feature.name for feature in spec.categorical)
    if not numbers and not indicators and not categories:
        raise ValueError(f"none of the {len(spec.features)} features varies among the {len(train)} training rows")
    return Layout(
        numbers=tuple(numbers), indicators=tuple(indicators.values()), categories=categories, graded=tuple(graded)
    )
