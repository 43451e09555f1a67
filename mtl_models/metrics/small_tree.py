"""A small regression tree in numpy, for quick looks: scikit-learn's takes longer to import than these to fit."""

from __future__ import annotations

import numpy as np

DEPTH = 6
BINS = 32


def binned(inputs: np.ndarray) -> np.ndarray:
    """Each column cut into at most 32 bins of like mass, numbered from 0; 32 where it is missing.

    Shape:
        ``(n_rows, n_columns)``, NaN where missing, to the same in whole numbers.
    """
    codes = np.full(inputs.shape, BINS, dtype=np.int64)
    for place, column in enumerate(inputs.T):
        known = ~np.isnan(column)
        values = column[known]
        edges = np.unique(values)[1:]
        if len(edges) >= BINS:
            edges = np.unique(np.quantile(values, np.arange(1, BINS) / BINS, method="higher"))
        codes[known, place] = np.searchsorted(edges, values, side="right")
    return codes


def tree_predictions(codes: np.ndarray, values: np.ndarray, others: np.ndarray, *, least: int) -> np.ndarray:
    """What a tree of six levels that was grown on some rows says of others.

    A level at a time, each node takes the column, the bin and the side of the missing that leave the least squared
    error; a node that gains nothing stays whole.

    Args:
        codes: bins of the rows to grow on, with their ``values``.
        others: bins of the rows to foretell.
        least: fewest rows of a leaf.

    Shape:
        codes: ``(n_rows, n_columns)``; others: ``(n_others, n_columns)``; result: ``(n_others,)``.
    """
    middle = values.mean()
    residual = values - middle
    node, other_node = np.zeros(len(codes), np.int64), np.zeros(len(others), np.int64)
    for level in range(DEPTH):
        column, edge, missing_right = _splits(codes, residual, node, 2**level, least)
        node = 2 * node + _goes_right(codes, node, column, edge, missing_right)
        other_node = 2 * other_node + _goes_right(others, other_node, column, edge, missing_right)
    n_leaves = 2**DEPTH
    counts, sums = np.bincount(node, minlength=n_leaves), np.bincount(node, residual, minlength=n_leaves)
    found: np.ndarray = middle + (sums / np.maximum(counts, 1))[other_node]
    return found


def _goes_right(
    codes: np.ndarray, node: np.ndarray, column: np.ndarray, edge: np.ndarray, missing_right: np.ndarray
) -> np.ndarray:
    code = codes[np.arange(len(codes)), column[node]]
    right: np.ndarray = np.where(code == BINS, missing_right[node], code > edge[node]).astype(np.int64)
    return right


def _splits(
    codes: np.ndarray, residual: np.ndarray, node: np.ndarray, n_nodes: int, least: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best split of each node: its column, the last bin on the left, and whether the missing go right."""
    n_columns = codes.shape[1]
    cells = ((node[:, None] * n_columns + np.arange(n_columns)) * (BINS + 1) + codes).ravel()
    shape = (n_nodes, n_columns, BINS + 1)
    size = int(np.prod(shape))
    counts = np.bincount(cells, minlength=size).reshape(shape)
    sums = np.bincount(cells, np.repeat(residual, n_columns), minlength=size).reshape(shape)
    n_all, s_all = counts.sum(axis=2, keepdims=True), sums.sum(axis=2, keepdims=True)
    gains = []
    for missing_right in (False, True):
        n_left, s_left = np.cumsum(counts[..., :BINS], axis=2), np.cumsum(sums[..., :BINS], axis=2)
        if not missing_right:
            n_left, s_left = n_left + counts[..., BINS:], s_left + sums[..., BINS:]
        n_right, s_right = n_all - n_left, s_all - s_left
        gain = s_left**2 / np.maximum(n_left, 1) + s_right**2 / np.maximum(n_right, 1) - s_all**2 / np.maximum(n_all, 1)
        gains.append(np.where((n_left >= least) & (n_right >= least), gain, 0.0))
    flat = np.stack(gains, axis=3).reshape(n_nodes, -1)
    best = flat.argmax(axis=1)
    column, edge, side = np.unravel_index(best, (n_columns, BINS, 2))
    whole = flat[np.arange(n_nodes), best] <= 1e-12 * (residual**2).sum()
    # a node that stays whole goes left: no bin lies above its edge
    return column, np.where(whole, BINS, edge), np.where(whole, 0, side)
