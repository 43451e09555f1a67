"""Embeddings of people as a figure: squares that stand for ten people or more, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.patches import Rectangle

from flows.report.drawing import GAIN, INK, MUTED, panels
from flows.report.words import lower_first

LEVELS = 6  # of shade


@dataclass(frozen=True)
class Squares:
    """Cells of a plane with enough people: place, number of people and mean of the outcome.

    Attributes:
        n_cells: cells along a side of the plane.
        share: of the people who are in some cell that is shown.
    """

    x: np.ndarray
    y: np.ndarray
    n: np.ndarray
    mean: np.ndarray
    n_cells: int
    share: float


def squares(plane: np.ndarray, outcome: np.ndarray, min_count: int) -> Squares:
    """People by the cell of the plane they lie in, the outermost hundredth on each side drawn in to the edge.

    Shape:
        plane: ``(n_people, 2)``; outcome: ``(n_people,)``, NaN for a person without a label, who is left out.
    """
    known = ~np.isnan(outcome)
    points, outcome = plane[known], outcome[known]
    n_cells = int(np.clip(np.sqrt(len(points) / (2 * min_count)), 3, 24))
    low, high = (np.quantile(points, tail, axis=0) if len(points) else np.zeros(2) for tail in (0.01, 0.99))
    width = np.where(high > low, high - low, 1.0)
    cells = np.clip(np.floor((points - low) / width * n_cells), 0, n_cells - 1).astype(np.int64)
    index = cells[:, 0] * n_cells + cells[:, 1]
    counts = np.bincount(index, minlength=n_cells**2)
    sums = np.bincount(index, weights=outcome, minlength=n_cells**2)
    shown = np.flatnonzero(counts >= min_count)
    share = float(counts[shown].sum() / max(1, len(points)))
    return Squares(shown // n_cells, shown % n_cells, counts[shown], sums[shown] / counts[shown], n_cells, share)


def embedding_figure(
    planes: Mapping[str, tuple[np.ndarray, float]],
    outcome: np.ndarray,
    *,
    title: str,
    unit: str,
    min_count: int,
) -> str:
    """SVG text: a panel a domain, the two principal components of its vectors, shaded by an outcome's mean.

    Args:
        planes: by domain, what ``principal_plane`` gives.
        title: of the outcome.
        unit: ``share`` for one that is 0 or 1.
    """
    found = {domain: squares(plane, outcome, min_count) for domain, (plane, _) in planes.items()}
    means = np.concatenate([each.mean for each in found.values()])
    low, high = (float(means.min()), float(means.max())) if len(means) else (0.0, 0.0)
    with panels("embeddings", len(found)) as drawn:
        for axes, (domain, each) in zip(drawn.axes, found.items(), strict=True):
            _panel(axes, each, low, high)
            axes.set_title(domain.replace("_", " "), fontsize=9, color=INK, loc="left")
            axes.set_xlabel(f"{planes[domain][1]:.0%} of the variance, {each.share:.0%} of people", color=MUTED)
        words = [f"{value:.0%}" if unit == "share" else f"{value:.4g} {unit}".strip() for value in (low, high)]
        drawn.foot(
            f"Each square: {min_count} people or more, its area their number, its shade the mean of their\n"
            f"{lower_first(title)}, pale to dark {words[0]} to {words[1]}. "
            "Axes: two principal components of a domain's vectors."
        )
    return drawn.svg


def _panel(axes: object, cells: Squares, low: float, high: float) -> None:
    most = max(cells.n, default=1)
    span = high - low or 1.0
    for x, y, n, mean in zip(cells.x, cells.y, cells.n, cells.mean, strict=True):
        side = round(0.25 + 0.7 * float(np.sqrt(n / most)), 3)
        level = min(LEVELS - 1, int((mean - low) / span * LEVELS))
        alpha = round(0.12 + 0.88 * level / (LEVELS - 1), 3)
        square = Rectangle((x - side / 2, y - side / 2), side, side, facecolor=GAIN, alpha=alpha, linewidth=0)
        axes.add_patch(square)  # type: ignore[attr-defined]
    edge = (-0.6, cells.n_cells - 0.4)
    axes.set(xlim=edge, ylim=edge, xticks=[], yticks=[])  # type: ignore[attr-defined]
