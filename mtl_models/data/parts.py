"""Who is trained on and who chooses: parts that a column names, or a share drawn so that both have every outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

PARTS = ("train", "valid", "test")


def read_parts(column: pl.Series) -> np.ndarray:
    """The part of each row, from a column of ``train``, ``valid`` and ``test``.

    Raises:
        ValueError: for other values, or a part without rows.
    """
    texts = column.cast(pl.String) if column.dtype in (pl.String, pl.Categorical, pl.Null) or _is_enum(column) else None
    if texts is None:
        raise ValueError(
            f"validation: column {column.name} must hold the words train and valid, not {type(column.dtype).__name__}"
        )
    if n_wrong := int((~texts.is_in(PARTS).fill_null(False)).sum()):
        raise ValueError(
            f"validation: column {column.name} has {n_wrong} of {len(texts)} cells that are none of train, valid and "
            "test: give every row a part"
        )
    if empty := [part for part in PARTS[:2] if not (texts == part).any()]:
        raise ValueError(f"validation: column {column.name} calls no row {' and none '.join(empty)}: give it rows")
    return texts.to_numpy()


def _is_enum(column: pl.Series) -> bool:
    return isinstance(column.dtype, pl.Enum)


def draw_parts(targets: Mapping[str, np.ndarray], share: float, seed: int) -> np.ndarray:
    """A part for each row: ``share`` of them ``valid``, the others ``train``, alike in outcomes and missing labels.

    Rows are put in random order, sorted by whether they have the rarest outcome, then the next, and cut at even steps.

    Shape:
        targets: ``(n_rows, n_columns)`` each, NaN where the label is missing.
    """
    random = np.random.default_rng(seed)
    n_rows = len(next(iter(targets.values())))
    strata = [stratum for target in targets.values() for column in target.T for stratum in _strata(column)]
    # the last key of a lexsort counts most
    strata.sort(key=lambda stratum: -min(int(stratum.sum()), n_rows - int(stratum.sum())))
    order = random.permutation(n_rows)
    order = order[np.lexsort([stratum[order] for stratum in strata])] if strata else order
    steps = np.floor(np.arange(n_rows + 1) * share + random.random())
    parts = np.full(n_rows, "train", dtype=object)
    parts[order[np.diff(steps) > 0]] = "valid"
    return parts


def _strata(column: np.ndarray) -> list[np.ndarray]:
    """Who has a label, and who is above the middle of a number or in a class."""
    known = ~np.isnan(column)
    values = np.unique(column[known])
    if len(values) > 20:
        return [known, known & (column > np.median(column[known]))]
    return [known, *(column == value for value in values[1:])]
