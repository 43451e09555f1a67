"""The gate between challenger and champion: relative loss on the same people, with a paired interval."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from flows.project.settings import GateSettings
from flows.report.words import count, gain_text, listing
from mtl_models.data.tasks import Task
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.comparison import NO_LOSS
from mtl_models.metrics.comparison import compare as compare_models
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, score_task
from mtl_models.metrics.settings import BOUND, EvaluationSettings

_DIGITS = 6


@dataclass(frozen=True)
class Verdict:
    """What the gate says.

    Attributes:
        words: why, in a sentence.
        n: validation people.
        gains: the challenger's gains over the champion, as ``mtl_models.metrics.comparison.compare`` records them;
            empty where there was no champion or no task of both.
    """

    passes: bool
    words: str
    n: int
    gains: dict[str, Any] = field(default_factory=dict)


def judge(
    challenger: pl.DataFrame,
    champion: pl.DataFrame | None,
    targets: pl.DataFrame,
    tasks: Sequence[Task],
    settings: GateSettings,
    *,
    common: Collection[str] = (),
    evaluation: EvaluationSettings,
) -> Verdict:
    """Judge a score table, beside the champion's of the same people in the same order, against their targets.

    Every task must have a figure on these people, whether there is a champion or not: where they have one class or
    value only, or no label, nobody knows whether the challenger is any good. Of the tasks that both models predict the
    mean gain decides: the challenger fails if it is worse beyond the interval, or errs twice as much for any of them.

    Args:
        champion: nothing for a first model, or a champion that cannot score these people.
        common: names of the tasks that both predict in the same way; the others have nothing to be compared with.
        evaluation: how wide the interval is, and the smallest number of people that is said.
    """
    min_count, rounding = evaluation.min_count, Rounding(_DIGITS, evaluation.confidence)
    truths = {task.name: _floats(targets, task.target_columns) for task in tasks}
    counts = resample_counts(targets.height, replicates=settings.replicates, seed=settings.seed)
    ours = _scores(challenger, truths, tasks, counts)
    both = [task for task in tasks if champion is not None and task.name in common]
    gains: dict[str, Any] = {}
    if champion is not None and both:
        theirs = _scores(champion, truths, both, counts)
        gains = compare_models(
            both, ours, theirs, dict.fromkeys((task.name for task in both), True), rounding, is_twin=False
        )
    faults = [
        f"no figure for task {task.name}: {_reason(task, reason, truths[task.name], min_count)}"
        for task in tasks
        if (reason := ours[task.name].undefined or gains.get("tasks", {}).get(task.name, {}).get("reason", ""))
    ]
    people = f"{count(targets.height, min_count)} validation people"
    if faults:
        return Verdict(False, "; ".join(faults), targets.height, gains)
    if not gains:
        return Verdict(True, f"{len(tasks)} tasks have a figure on {people}", targets.height)
    passes, said = _weigh(gains)
    words = f"mean relative gain over the champion {gain_text(gains['mean'])} on {people}: {said}"
    if new := [task.name for task in tasks if task not in both]:
        words += f"; nothing to compare {listing(new)} with"
    return Verdict(passes, words, targets.height, gains)


def _weigh(gains: Mapping[str, Any]) -> tuple[bool, str]:
    """Whether gains are good enough, and why."""
    high = gains["mean"]["high"]
    if high is None:
        return False, "without an interval, too few people"
    # one absurd prediction doubles an error and is missing from every third resample, whose interval then reaches zero
    doubled = [name for name, gain in gains["tasks"].items() if gain["value"] <= -BOUND]
    said = [] if doubled and high >= 0 else ["not worse" if high >= 0 else "worse beyond the interval"]
    said += [f"the error of {listing(doubled)} at least twice as large"] if doubled else []
    return high >= 0 and not doubled, ", ".join(said)


def _scores(
    scores: pl.DataFrame, truths: dict[str, np.ndarray], tasks: Sequence[Task], counts: np.ndarray
) -> dict[str, TaskScores]:
    """Metrics of the score table by task, in the sample and in every replicate."""
    return {
        task.name: score_task(task, truths[task.name], scores.select(task.prediction_columns).to_numpy(), counts)
        for task in tasks
    }


def _floats(targets: pl.DataFrame, columns: Sequence[str]) -> np.ndarray:
    return targets.select(pl.col(columns).cast(pl.Float64).fill_null(float("nan"))).to_numpy()


def _reason(task: Task, reason: str, truth: np.ndarray, min_count: int) -> str:
    """Why a task has no figure, with the number of its people."""
    if reason == NO_LOSS:
        return "the champion's error on validation people is 0 or not finite, which points to a leak of the answer"
    n = int((~np.isnan(truth)).any(axis=1).sum())
    whose = f"its {n:,} labelled" if n >= min_count else f"its labelled (fewer than {min_count})"
    advice = "give validation others too, or make the task auxiliary"
    return f"{reason.replace('the labelled', whose).replace('people', 'validation people')}; {advice}"
