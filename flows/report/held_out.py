"""The figures that need predictions: calibration of probabilities, predicted against observed numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist

import numpy as np
import polars as pl
from matplotlib.ticker import MaxNLocator, PercentFormatter

from flows.report.decision_curves import decision_curve
from flows.report.drawing import GAIN, MUTED, SURFACE, Plot, canvas, padded
from flows.report.pairs import Pairs
from flows.report.words import label_name, level, short_title
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.binary import equal_mass_bins
from mtl_models.metrics.collect import collect

_TAIL = 0.1  # share of a group beyond each edge of its light band


def held_out_plots(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    *,
    part: str,
    model: str,
    min_count: int,
    confidence: float,
) -> list[Plot]:
    """Calibration of every probability and predicted against observed values of every number."""
    main = [task for task in tasks if task.role == "main"]
    sample = collect(predictions.filter(pl.col("model") == model), targets, splits, main, part=part)
    runs = sample.runs[model]
    plots: list[Plot | None] = []
    for task in main:
        target = np.concatenate([sample.targets[task.name][run.person] for run in runs])
        prediction = np.concatenate([run.predictions[task.name] for run in runs])
        draw = FIGURES[kind_of(task).figure]
        outputs = list(_outputs(task, target, prediction, len(runs)))
        plots += [draw(task, pairs, min_count, confidence) for pairs in outputs]
        if kind_of(task).form == "binary":
            plots += [decision_curve(pairs, min_count) for pairs in outputs]
    return [plot for plot in plots if plot is not None]


def _outputs(task: Task, target: np.ndarray, prediction: np.ndarray, repeats: int) -> Iterator[Pairs]:
    title = short_title(task.title or task.name)
    for index, column in enumerate(task.prediction_columns):
        truth = target[:, 0] if len(task.target_columns) == 1 else target[:, index]
        known = ~np.isnan(truth)
        truth = (truth[known] == index) * 1.0 if task.classes else truth[known]
        names = task.classes or tuple(label_name(label) for label in task.labels)
        heading = f"{title}: {names[index]}" if task.classes else names[index] if names else title
        yield Pairs(column, heading, truth, prediction[known, index], repeats)


def calibration_plot(task: Task, pairs: Pairs, min_count: int, confidence: float) -> Plot | None:
    """Observed rate by predicted probability in groups of equal size; nothing where too few people have a class."""
    positives = pairs.people(int(pairs.target.sum()))
    rarer = min(positives, pairs.people(len(pairs.target)) - positives)
    if rarer < min_count:
        return None
    n_bins = int(np.clip(rarer // min_count, 3, 10))  # so that a group holds enough people of the rarer class
    bins = equal_mass_bins(pairs.prediction, n_bins)
    points = []
    for index in range(n_bins):
        rows = bins == index
        if (n := pairs.people(int(rows.sum()))) >= min_count:
            rate = float(pairs.target[rows].mean())
            points.append((float(pairs.prediction[rows].mean()), rate, *wilson(rate, n, confidence)))
    if len(points) < 2:
        return None
    predicted, observed, low, high = (np.array(values) for values in zip(*points, strict=True))
    limit = min(1.0, 1.06 * float(max(predicted.max(), high.max())))
    name = f"{'classes' if task.classes else 'calibration'}_{pairs.name}"
    with canvas(name, height=2.3, left=0.6) as drawn:
        axes = drawn.axes
        axes.plot([0, limit], [0, limit], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.vlines(predicted, low, high, color=GAIN, linewidth=1.4, alpha=0.45)
        axes.plot(predicted, observed, "o-", color=GAIN, linewidth=1.4, markersize=5, markeredgecolor=SURFACE)
        axes.set(xlim=(0, limit), ylim=(0, limit), xlabel="predicted probability", ylabel="observed share")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(5))
            axis.set_major_formatter(PercentFormatter(1, decimals=0))
        axes.grid()
    words = ", ".join(f"{p:.0%} predicted and {o:.0%} observed" for p, o in zip(predicted, observed, strict=True))
    size = f"{len(points)} groups of equal size, with {level(confidence)} intervals"
    caption = f"{size}; on the dashed line the two agree. {words}."
    return Plot(name, pairs.title, caption, drawn.svg)


def observed_plot(task: Task, pairs: Pairs, min_count: int, confidence: float) -> Plot | None:
    """How measured values spread around the prediction: mean, middle half and four fifths of groups of equal size.

    Groups are so large that ``min_count`` people lie beyond every edge: no point or edge is a person. Bands are shares
    of people, whatever the ``confidence`` of intervals.
    """
    groups = _spread(pairs, min_count)
    if len(groups) < 2:
        return None
    predicted, observed, lowest, lower, upper, highest = (np.array(values) for values in zip(*groups, strict=True))
    ends = padded(float(predicted[0]), float(predicted[-1]), 0.04)
    name = f"observed_{pairs.name}"
    with canvas(name, height=2.4, left=0.6) as drawn:
        axes = drawn.axes
        axes.fill_between(predicted, lowest, highest, color=GAIN, alpha=0.16, linewidth=0)
        axes.fill_between(predicted, lower, upper, color=GAIN, alpha=0.28, linewidth=0)
        axes.plot(ends, ends, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(predicted, observed, "o-", color=GAIN, linewidth=1.4, markersize=5, markeredgecolor=SURFACE)
        unit = f", {task.unit}" if task.unit else ""
        axes.set(xlim=ends, xlabel=f"predicted{unit}", ylabel=f"observed{unit}")
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.grid()
    words = ", ".join(f"{p:.3g} and {o:.3g}" for p, o in zip(predicted, observed, strict=True))
    caption = (
        f"{len(groups)} groups of equal size: mean (dots), middle half (dark band) and four fifths (light band) of "
        f"the observed values; on the dashed line the two agree. Mean predicted and mean observed: {words}."
    )
    return Plot(name, pairs.title, caption, drawn.svg)


def _spread(pairs: Pairs, min_count: int) -> list[tuple[float, ...]]:
    """Mean prediction, mean and quantiles of the observed values of each group of people with like predictions."""
    n_groups = min(int(pairs.people(len(pairs.target)) * _TAIL // min_count), 10)
    groups = equal_mass_bins(pairs.prediction, n_groups)
    found = []
    for index in range(n_groups):
        rows = groups == index
        if pairs.people(int(rows.sum())) * _TAIL >= min_count:
            quantiles = np.quantile(pairs.target[rows], [_TAIL, 0.25, 0.75, 1 - _TAIL])
            means = (float(values[rows].mean()) for values in (pairs.prediction, pairs.target))
            found.append((*means, *(float(value) for value in quantiles)))
    return found


FIGURES = {"observed": observed_plot, "calibration": calibration_plot}
"""How predictions of held-out people are drawn, by what a kind of task asks for."""


def wilson(rate: float, n: float, confidence: float) -> tuple[float, float]:
    """The interval of a share.

    Source:
        Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    """
    z = round(NormalDist().inv_cdf((1 + confidence) / 2), 6)  # the last bits may differ by machine
    centre = (rate + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(rate * (1 - rate) / n + z**2 / (4 * n**2))
    return float(max(0.0, centre - half)), float(min(1.0, centre + half))
