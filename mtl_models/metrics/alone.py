"""How well one feature alone foretells an outcome: a quick look for leaks, in numpy, over all pairs.

A feature is cut into bins, missing being one of them. The mean outcome of a bin is learned on one half of the people
and judged on the other, so that many bins do not look good by themselves. A regression is also judged by the squared
correlation of values and of ranks, which a few extreme values do not hide.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.correlation import best_squares
from mtl_models.metrics.weights import ratio

MOST_BINS = 50
LEAST_IN_BIN = 20
# people behind a correlation, for each one that a class must have
FOR_A_CORRELATION = 5


@dataclass(frozen=True)
class Alone:
    """What a feature alone reaches for a task, in the metric that its kind has for that."""

    feature: str
    task: str
    metric: str
    value: float


@dataclass(frozen=True)
class _Column:
    """One number to foretell: a target, a label, or whether someone is in a class; NaN where it is not known."""

    task: Task
    metric: str
    values: np.ndarray


def features_alone(dataset: Dataset, spec: FeatureSpec, tasks: Sequence[Task], *, min_count: int) -> list[Alone]:
    """For every feature and task that may see it, the best figure of the task's columns; pairs of too few are left out.

    Args:
        dataset: training people with their targets.
        spec: of the dataset's features.
        tasks: which outcomes to look at.
        min_count: fewest people of a class, and of those outside it.
    """
    columns = [column for task in tasks for column in _columns(task, dataset.targets[task.name], min_count)]
    if not columns or not len(dataset):
        return []
    halves = np.arange(len(dataset)) % 2
    known = np.stack([~np.isnan(column.values) for column in columns], axis=1)
    values = np.where(known, np.stack([column.values for column in columns], axis=1), 0.0)
    sums = np.concatenate([known, values, values**2], axis=1)
    numeric = np.where(np.isfinite(dataset.inputs.numeric), dataset.inputs.numeric, np.nan)
    squares = _squared_correlations(numeric, columns, FOR_A_CORRELATION * min_count)
    places = {feature.name: place for place, feature in enumerate(spec.numeric)}
    best: dict[tuple[str, str], Alone] = {}
    for feature, codes in _coded(numeric, dataset.inputs.categorical, spec):
        groups = _group_sums(codes, halves, sums, len(columns))
        for index, column in enumerate(columns):
            if column.task.name in feature.hidden_from:
                continue
            figure = _held_out(column.metric, groups[..., index])
            if column.metric == "r2" and feature.name in places:
                figure = float(np.fmax(figure, squares[places[feature.name], index]))
            key = (feature.name, column.task.name)
            if np.isfinite(figure) and (key not in best or figure > best[key].value):
                best[key] = Alone(*key, column.metric, float(figure))
    return list(best.values())


def _columns(task: Task, target: np.ndarray, min_count: int) -> Iterator[_Column]:
    """What there is to foretell in a task, as far as enough people have it and have it not."""
    kind = kind_of(task)
    metric = kind.alone
    for facet in kind.foretold(task, target):
        values = facet.values
        known = values[~np.isnan(values)]
        if metric != "r2":
            enough = min((known == 1).sum(), (known == 0).sum()) >= min_count
        else:
            enough = len(known) >= FOR_A_CORRELATION * min_count and np.ptp(known) > 0
        if enough:
            yield _Column(task, metric, values)


def _coded(numeric: np.ndarray, categorical: np.ndarray, spec: FeatureSpec) -> Iterator[tuple[Feature, np.ndarray]]:
    """Every feature with its bins, numbered from 0, the last one for the missing."""
    for place, feature in enumerate(spec.numeric):
        yield feature, _bins(numeric[:, place])
    for place, feature in enumerate(spec.categorical):
        codes = categorical[:, place]
        yield feature, np.where(codes < 0, len(feature.categories), codes)


def _bins(values: np.ndarray) -> np.ndarray:
    """Bins of equal mass, or the values themselves where they are few."""
    missing = np.isnan(values)
    known = values[~missing]
    distinct = np.unique(known)
    n_bins = int(np.clip(len(known) // LEAST_IN_BIN, 2, MOST_BINS))
    if len(distinct) <= n_bins:
        edges = distinct[1:]
    else:
        edges = np.unique(np.quantile(known, np.arange(1, n_bins) / n_bins, method="higher"))
    return np.where(missing, len(edges) + 1, np.searchsorted(edges, values, side="right"))


def _group_sums(codes: np.ndarray, halves: np.ndarray, sums: np.ndarray, n_columns: int) -> np.ndarray:
    """Counts, sums and sums of squares by half, bin and column.

    Shape:
        sums: ``(n_rows, 3 * n_columns)``; result: ``(3, 2, n_bins, n_columns)``.
    """
    n_bins = int(codes.max()) + 1
    cells = halves * n_bins + codes
    order = np.argsort(cells.astype(np.min_scalar_type(2 * n_bins)), kind="stable")  # fast for short integers
    present, starts = np.unique(cells[order], return_index=True)
    found = np.zeros((2 * n_bins, sums.shape[1]))
    found[present] = np.add.reduceat(sums[order], starts, axis=0)
    return found.reshape(2, n_bins, 3, n_columns).transpose(2, 0, 1, 3)


def _held_out(metric: str, groups: np.ndarray) -> float:
    """A metric of the bins' means, each half judged by the other.

    Shape:
        groups: ``(3, 2, n_bins)``: counts, sums, sums of squares.
    """
    n, total, squares = groups
    overall = ratio(total.sum(axis=1), n.sum(axis=1))
    means = np.where(n > 0, ratio(total, n), overall[:, None])[::-1]
    used = n > 0
    prediction, n, total, squares = means[used], n[used], total[used], squares[used]
    if not np.isfinite(prediction).all():
        return float("nan")
    if metric != "r2":
        return _auroc(prediction, total, n - total)
    distance = (squares - 2 * prediction * total + n * prediction**2).sum()
    spread = squares.sum() - total.sum() ** 2 / n.sum()
    return float(1 - distance / spread) if spread > 1e-12 * squares.sum() else float("nan")


def _auroc(score: np.ndarray, positive: np.ndarray, negative: np.ndarray) -> float:
    """Area under the ROC curve of groups of people with one score each, ties counted half."""
    levels, place = np.unique(score, return_inverse=True)
    hits, others = (np.bincount(place, weights, len(levels)) for weights in (positive, negative))
    below = np.cumsum(others) - others
    return float((hits * (below + 0.5 * others)).sum() / (hits.sum() * others.sum()))


def _squared_correlations(numeric: np.ndarray, columns: Sequence[_Column], least: int) -> np.ndarray:
    """The larger of the squared correlations of values and of ranks, of every number with every regression's column.

    Shape:
        result: ``(n_numeric, n_columns)``, NaN where fewer than ``least`` people have both, and of other columns.
    """
    squares = np.full((numeric.shape[1], len(columns)), np.nan)
    regressions = [index for index, column in enumerate(columns) if column.metric == "r2"]
    if not regressions:
        return squares
    outcomes = np.stack([columns[index].values for index in regressions], axis=1)
    squares[:, regressions] = best_squares(numeric.astype(np.float64), outcomes, least)
    return squares
