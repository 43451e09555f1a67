"""What a model must reach whatever another one reaches: figures, enough events, floors, calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from flows.nightly.judging.checks import Check
from flows.nightly.judging.predicted import People, Predicted, mean_scores, scores_of
from flows.project.gate_settings import GateSettings
from flows.report.words import count, listing, metric_name, number
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.calibration import Calibration, calibration_of_numbers, calibration_of_probabilities
from mtl_models.metrics.score import TaskScores
from mtl_models.metrics.settings import EvaluationSettings

FIGURES = "figures"


def absolute_checks(
    predicted: Predicted, people: People, tasks: Sequence[Task], gate: GateSettings, evaluation: EvaluationSettings
) -> list[Check]:
    """The checks of a model alone."""
    scores = mean_scores([scores_of(frame, people, tasks) for frame in predicted.frames])
    return [
        _figures(scores, people, tasks, evaluation.min_count),
        _events(people, tasks, gate.min_events, evaluation.min_count),
        _floors(scores, people, gate.floors),
        _calibration(predicted, people, tasks, gate),
    ]


def _figures(scores: Mapping[str, TaskScores], people: People, tasks: Sequence[Task], min_count: int) -> Check:
    """Nobody knows whether a task without a figure is any good: where all have one class or value, or no label."""
    faults = [
        f"no figure for task {task.name}: {_reason(scores[task.name].undefined, people, task, min_count)}"
        for task in tasks
        if scores[task.name].undefined
    ]
    whose = f"{count(people.n, min_count)} {people.whose}"
    words = "; ".join(faults) or f"{len(tasks)} tasks have a figure on {whose}"
    return Check.of(FIGURES, not faults, words)


def _reason(reason: str, people: People, task: Task, min_count: int) -> str:
    n = int((~np.isnan(people.truth(task))).any(axis=1).sum())
    whose = f"its {n:,} labelled" if n >= min_count else f"its labelled (fewer than {min_count})"
    said = reason.replace("the labelled", whose).replace("people", people.whose)
    return f"{said}; give validation others too, or make the task auxiliary"


def _events(people: People, tasks: Sequence[Task], least: int, min_count: int) -> Check:
    """Of a number the people with a label, else those outside the commonest class; of labels those of the best one."""
    found = {task.name: n_events(task, people.truth(task)) for task in tasks}
    few = [f"{name} has {count(n, min_count)}" for name, n in found.items() if n < least]
    fewest = min(found, key=lambda name: found[name])
    words = (
        f"{listing(few)}: fewer than {least} (gate.min_events) {people.whose}"
        if few
        else f"{fewest} has the fewest, {count(found[fewest], min_count)} of {people.whose}"
    )
    return Check.of("events", not few, words, least=least)


def n_events(task: Task, truth: np.ndarray) -> int:
    """The people who tell models of a task apart."""
    counts = []
    for column in truth.T:
        known = column[~np.isnan(column)]
        classes = np.bincount(known.astype(np.int64)) if kind_of(task).form != "number" and len(known) else ()
        counts.append(len(known) - max(classes, default=0))
    return int(max(counts, default=0))


def _floors(scores: Mapping[str, TaskScores], people: People, floors: Mapping[str, Mapping[str, float]]) -> Check:
    name = "floors"
    if not floors:
        return Check.not_judged(name, "none is set (gate.floors)")
    low, reached = list[str](), list[str]()
    figures: dict[str, float | None] = {}
    for task, limits in floors.items():
        for metric, floor in limits.items():
            value = float(scores[task].metrics[metric][0]) if task in scores else float("nan")
            figures[f"{task}, {metric}"] = None if np.isnan(value) else round(value, 6)
            what = f"{metric_name(metric)} of {task} is {'undefined' if np.isnan(value) else number(value, metric)}"
            (reached if value >= floor else low).append(f"{what}, floor {number(floor, metric)}")
    if low:
        return Check.of(name, False, f"on {people.whose} {'; '.join(low)}", **figures)
    return Check.of(name, True, f"{len(reached)} reached on {people.whose}", **figures)


def _calibration(predicted: Predicted, people: People, tasks: Sequence[Task], gate: GateSettings) -> Check:
    """Distances from calibration of every class, label and number that has enough people."""
    name, settings = "calibration", gate.calibration
    found = {what: each for task in tasks for what, each in _calibrations(predicted, people, task, gate)}
    if not found:
        few = f"no class, label or number has {settings.min_events} {people.whose} (gate.calibration.min_events)"
        return Check.not_judged(name, few)
    worst = max(found, key=lambda what: found[what].excess)
    bad = [what for what, each in found.items() if each.excess > settings.excess]
    each = found[worst]
    said = f"{worst} is off by {each.error:.3f}, of which chance explains {each.chance:.3f}"
    words = f"{said}; more than {settings.excess:g} beyond chance: {listing(bad)}" if bad else f"{said}: within bounds"
    return Check.of(name, not bad, words, **{what: round(each.excess, 6) for what, each in found.items()})


def _calibrations(
    predicted: Predicted, people: People, task: Task, gate: GateSettings
) -> Iterator[tuple[str, Calibration]]:
    """Of the first frame: an average over repeats is another model."""
    truth, values = people.truth(task), predicted.frames[0].select(task.prediction_columns).to_numpy()
    form, least = kind_of(task).form, gate.calibration.min_events
    for index, name in enumerate(task.prediction_columns):
        column = truth[:, index] if truth.shape[1] == values.shape[1] else truth[:, 0]
        known = ~np.isnan(column)
        outcome, value = column[known], values[known, index]
        if form == "number":
            if len(outcome) >= least and np.ptp(outcome) > 0:
                yield name, calibration_of_numbers(outcome, value)
            continue
        event = outcome == (index if form == "classes" else 1)
        if min(event.sum(), (~event).sum()) >= least:
            yield name, calibration_of_probabilities(event.astype(float), value, seed=gate.seed)
