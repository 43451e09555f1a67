"""The plots and the page of a study from what the evaluation has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from flows.report.drawing import Plot
from flows.report.held_out import held_out_plots
from flows.report.plots import gain_plot, learning_plots, metric_plot, ordered_models
from flows.report.sharing import OWN_STOP, sharing_plots
from mtl_models.data.tasks import Task


def draw_plots(
    summary: Mapping[str, Any],
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    history: Sequence[Mapping[str, Any]] = (),
    training: Mapping[str, Any] | None = None,
) -> list[Plot]:
    """All figures of a study, to be written as ``<name>.svg`` and shown on its page.

    Args:
        summary: the evaluation, from ``mtl_models.metrics.summarise`` on the same predictions.
        predictions: the prediction table; targets and splits as the features stage left them.
        history: the epochs of the exported network: ``epoch``, ``train`` and ``valid`` losses by task, ``score``.
        training: what training left behind about sharing.
    """
    settings = summary["settings"]
    plots = [plot for task in summary["tasks"] if (plot := metric_plot(summary, task))]
    compared = summary["comparisons"][settings["model"]]
    plots += [gain_plot(summary, other) for other in ordered_models(summary) if other in compared]
    plots += held_out_plots(
        predictions,
        targets,
        splits,
        tasks,
        part=summary["part"],
        model=settings["model"],
        min_count=settings["min_count"],
        confidence=settings["confidence"],
    )
    training = training or {}
    own = training.get("own_best", {}) if training.get("stop") == OWN_STOP else {}
    kept = {task: best["epoch"] for task, best in own.items()}
    return plots + learning_plots(history, summary, kept) + sharing_plots(training, summary)
