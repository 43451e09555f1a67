"""Delta_m: how much less a model errs than another, task by task, on average and at worst."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, loss_name
from mtl_models.metrics.settings import BOUND

UNDEFINED = "undefined"
TOO_FEW = "too few people"
NO_LOSS = "the error it is measured by is 0 or not finite"


def bounded_gain(loss: np.ndarray, other: np.ndarray) -> np.ndarray:
    """``1 - loss / other``, element by element, held between -1 and 1.

    The relative change of a loss cannot exceed 1 but has no lower end: one task of absurd predictions would decide
    every mean. At -1, which says "at least double the loss", it has said enough. NaN where either loss is NaN, or the
    other is not above zero and finite: nothing can be said relative to such a loss.
    """
    known = np.isfinite(other) & (other > 0)
    with np.errstate(over="ignore"):
        gain = 1 - loss / np.where(known, other, np.nan)
    return np.asarray(np.clip(gain, -BOUND, BOUND))


def relative_gain(task: Task, model: TaskScores, other: TaskScores) -> np.ndarray:
    """Relative reduction of RMSE or log-loss of ``model`` against ``other``, in every replicate; positive is better.

    Defined where the labelled people have two values or classes at least (see :func:`score_task`) and the other's loss
    is above zero and finite; NaN otherwise. Held between -1 and 1 in every replicate: see :func:`bounded_gain`.

    Shape:
        ``(1 + n_replicates,)``, the estimate first.

    Source:
        Maninis, Radosavovic and Kokkinos (2019), Attentive Single-Tasking of Multiple Tasks, eq. 4, in losses.

    Differs:
        in the bounds.
    """
    name = loss_name(task)
    return bounded_gain(model.metrics[name], other.metrics[name])


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

    Tasks that may not be shown have no interval and no verdict, yet count in the mean. A task without a figure has the
    verdict ``undefined`` and the reason, and is left out of the mean, which names it. The worst task is the one of the
    estimates, so its interval is that task's own.
    """
    gains = {task.name: relative_gain(task, model[task.name], other[task.name]) for task in tasks}
    records: dict[str, dict[str, Any]] = {}
    for name, gain in gains.items():
        records[name] = _record(gain, rounding, shown=shown[name], is_twin=is_twin)
        if np.isnan(gain[0]):
            records[name]["reason"] = model[name].undefined or NO_LOSS
    mean = mean_of_defined(gains)
    ranked = [name for name in gains if records[name]["value"] is not None]
    worst = min(ranked, key=lambda name: float(gains[name][0]), default=None)
    return {
        "tasks": records,
        "mean": {
            **_record(mean.values, rounding, shown=True, is_twin=is_twin),
            "n_tasks": mean.n,
            "left_out": list(mean.left_out),
        },
        "worst": None if worst is None else {"task": worst, **records[worst]},
    }


def _record(gain: np.ndarray, rounding: Rounding, *, shown: bool, is_twin: bool) -> dict[str, Any]:
    figure = rounding.figure(gain, shown=shown)
    word = UNDEFINED if figure["value"] is None else verdict(figure["low"], figure["high"], is_twin=is_twin)
    return {**figure, "verdict": word}


def verdict(low: float | None, high: float | None, *, is_twin: bool) -> str:
    """What an interval says: a gain, a loss or no difference; against the twin, whether sharing helps or hurts."""
    if low is None or high is None:
        return TOO_FEW
    better, worse = ("sharing helps", "sharing hurts") if is_twin else ("gain", "loss")
    return better if low > 0 else worse if high < 0 else "no difference"
