"""Delta_m: how much less a model errs than another, task by task, on average and at worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, loss_name
from mtl_models.metrics.weights import ratio
from mtl_models.tasks import Task


def relative_gain(task: Task, model: TaskScores, other: TaskScores) -> np.ndarray:
    """Relative reduction of RMSE or log-loss of ``model`` against ``other``, in every replicate; positive is better.

    Shape:
        ``(1 + n_replicates,)``, the estimate first.

    Source:
        Maninis, Radosavovic and Kokkinos (2019), Attentive Single-Tasking of Multiple Tasks, eq. 4, in losses.
    """
    name = loss_name(task)
    return 1 - ratio(model.metrics[name], other.metrics[name])


def compare(
    tasks: Sequence[Task],
    model: Mapping[str, TaskScores],
    other: Mapping[str, TaskScores],
    shown: Mapping[str, bool],
    rounding: Rounding,
    *,
    is_twin: bool,
) -> dict[str, Any]:
    """Gains with paired intervals and a verdict in a word.

    Tasks that may not be shown have no interval and no verdict, yet count in the mean. The worst task is the one of
    the estimates, so its interval is that task's own.
    """
    gains = {task.name: relative_gain(task, model[task.name], other[task.name]) for task in tasks}
    records = {name: _record(gain, rounding, shown=shown[name], is_twin=is_twin) for name, gain in gains.items()}
    mean = np.mean(list(gains.values()), axis=0)
    ranked = [name for name in gains if records[name]["value"] is not None]
    worst = min(ranked, key=lambda name: float(gains[name][0]), default=None)
    return {
        "tasks": records,
        "mean": _record(mean, rounding, shown=True, is_twin=is_twin),
        "worst": None if worst is None else {"task": worst, **records[worst]},
    }


def _record(gain: np.ndarray, rounding: Rounding, *, shown: bool, is_twin: bool) -> dict[str, Any]:
    figure = rounding.figure(gain, shown=shown)
    return {**figure, "verdict": verdict(figure["low"], figure["high"], is_twin=is_twin)}


def verdict(low: float | None, high: float | None, *, is_twin: bool) -> str:
    """What an interval says: a gain, a loss or no difference; against the twin, whether sharing helps or hurts."""
    if low is None or high is None:
        return "too few people"
    better, worse = ("sharing helps", "sharing hurts") if is_twin else ("gain", "loss")
    return better if low > 0 else worse if high < 0 else "no difference"
