"""How much of one column others tell, out of sample: a small tree or a straight line, whichever tells more.

A tree finds look-ups ("yes, and none of the others"), and what is missing where; a line finds sums, differences and
other units. Both are fitted on two thirds of the people and judged on the rest, three times round.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mtl_models.metrics.small_tree import binned, tree_predictions

FOLDS = 3
_RIDGE = 1e-6
# a set of columns that tells so much of what all tell is enough to name
ENOUGH = 0.9
MOST_NAMED = 6


def share_told(inputs: np.ndarray, outcome: np.ndarray, *, least: int) -> float:
    """R2 of the outcome out of sample, over the people whose outcome is known; NaN where all are alike.

    Args:
        inputs: what may tell it, NaN where missing.
        outcome: a number, or 1 and 0; NaN where it is not known.
        least: fewest people of a leaf.

    Shape:
        inputs: ``(n_rows, n_columns)``; outcome: ``(n_rows,)``.
    """
    known = ~np.isnan(outcome)
    rows, values = inputs[known], outcome[known]
    spread = ((values - values.mean()) ** 2).sum() if len(values) else 0.0
    if not rows.shape[1] or len(values) < 2 * FOLDS * least or not spread > 0:
        return float("nan")
    fold = np.arange(len(values)) % FOLDS
    by_tree, by_line = np.empty_like(values), np.empty_like(values)
    filled, codes = _filled(rows), binned(rows)
    for number in range(FOLDS):
        rest, held_out = fold != number, fold == number
        by_tree[held_out] = tree_predictions(codes[rest], values[rest], codes[held_out], least=least)
        by_line[held_out] = _line(filled[rest], values[rest], filled[held_out])
    return float(max(1 - ((values - found) ** 2).sum() / spread for found in (by_tree, by_line)))


def telling(inputs: Mapping[str, np.ndarray], outcome: np.ndarray, *, least: int, of: float) -> tuple[str, ...]:
    """The few columns that tell most of what all of them tell, each next one the one that adds most.

    Args:
        inputs: by name, one or more columns.
        of: what all of them tell together.

    Shape:
        inputs: ``(n_rows, n_columns)`` each.
    """
    chosen: list[str] = []
    reached = 0.0
    while len(chosen) < min(MOST_NAMED, len(inputs)) and reached < ENOUGH * of:
        figures = {
            name: share_told(np.hstack([inputs[each] for each in (*chosen, name)]), outcome, least=least)
            for name in inputs
            if name not in chosen
        }
        best = max(figures, key=lambda name: np.nan_to_num(figures[name], nan=-np.inf))
        if chosen and not figures[best] > reached:
            break
        chosen.append(best)
        reached = figures[best]
    return tuple(chosen)


def _line(rows: np.ndarray, values: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Least squares, held by a little where columns depend on each other."""
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    design, centre = (rows - mean) / scale, values.mean()
    gram = design.T @ design + _RIDGE * len(rows) * np.eye(design.shape[1])
    slopes = np.linalg.solve(gram, design.T @ (values - centre))
    found: np.ndarray = centre + (others - mean) / scale @ slopes
    return found


def _filled(rows: np.ndarray) -> np.ndarray:
    """The columns with the median where they are missing, and beside them whether they are, if some are."""
    missing = np.isnan(rows)
    some = missing.any(axis=0)
    known = ~missing.all(axis=0)
    middle = np.zeros(rows.shape[1])
    middle[known] = np.nanmedian(rows[:, known], axis=0)
    return np.hstack([np.where(missing, middle, rows), missing[:, some].astype(np.float64)])
