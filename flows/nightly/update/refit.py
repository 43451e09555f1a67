"""Whether a correction is not enough: what points to a training, the last rung of the ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from flows.nightly.update.people import Recent, arrays, corrected
from flows.nightly.update.trial import Tried
from flows.report.words import metric_name, number
from flows.study.study import Study
from mtl_models.correction.ladder import REFIT
from mtl_models.correction.record import Correction
from mtl_models.data.tasks import Task
from mtl_models.metrics.bootstrap import percentile_interval, resample_counts
from mtl_models.metrics.score import headline_name, score_task

REPLICATES = 200


def reasons_to_refit(
    study: Study,
    network: str,
    recent: Recent,
    tasks: Sequence[Task],
    new: Mapping[str, Correction],
    tried: Sequence[Tried],
) -> list[str]:
    """Why a training is the next step, a sentence each; nothing where none is needed.

    A part may want one by the ladder. Else an outcome does whose headline metric, corrected as it is, lies below that
    on held-out people by more than ``watch.performance`` with its whole interval below: a shift and a slope leave the
    order of people as it is.
    """
    found = [f"{each.part.name}: {each.why}" for each in tried if each.chosen == REFIT]
    usual, judged = _held_out(study.registry.evaluation(network)), corrected(recent.judged, new, tasks)
    least = study.settings.gate.min_events
    events = {
        task.name: max((each.judged.events for each in tried if each.part.task == task), default=0) for task in tasks
    }
    for task in tasks:
        before = usual.get(task.name, {}).get(headline_name(task), {}).get("value")
        if before is not None and events[task.name] >= least:
            found += _fallen(study, task, judged, float(before))
    return found


def _fallen(study: Study, task: Task, judged: pl.DataFrame, before: float) -> list[str]:
    """A sentence if the figure of an outcome is smaller than it was, beyond the limit and beyond chance."""
    metric, weights = headline_name(task), resample_counts(judged.height, replicates=REPLICATES, seed=0)
    values = score_task(task, *arrays(judged, task), weights).metrics[metric]
    interval = percentile_interval(values, confidence=study.settings.evaluation.confidence)
    if interval is None or interval[1] >= before or values[0] >= before - study.settings.watch.performance:
        return []
    now, low, high = (number(float(each), metric) for each in (values[0], *interval))
    return [f"{task.name}: {metric_name(metric)} is {now} [{low}, {high}] and was {number(before, metric)}"]


def _held_out(evaluation: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The metrics of a model by task on held-out people."""
    if not evaluation:
        return {}
    model = evaluation["models"][evaluation["settings"]["model"]]
    return {name: task["metrics"] for name, task in model["tasks"].items()}
