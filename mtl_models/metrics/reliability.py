"""How far predictions can be taken at their word: observed over expected, slope, calibration error beside chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.calibration import calibration_of_probabilities
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.ordered import probability_above
from mtl_models.metrics.replicates import mean_of_runs, seed_shares
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores, ratio, totals

_STEPS, _BOUND = 12, 8.0
_SMALLEST = 1e-6


def judge_calibration(sample: Sample, tasks: Sequence[Task], settings: EvaluationSettings) -> dict[str, Any]:
    """Calibration of ``settings.model`` by task and by label, class or cut, with intervals over people and seeds.

    Of a probability: ``ratio`` is the number of cases over the number expected, ``slope`` the factor that its logits
    would have to be multiplied by (below 1 they are too far apart, above 1 too near each other), ``error`` the mean
    distance of predicted and observed rate over ten groups, and ``chance`` the distance that one in twenty perfectly
    calibrated models of as many people exceeds: below it nothing can be told. Of a number: ``bias`` is the mean of
    outcome less prediction, and ``slope`` that of the outcome on the prediction.

    Source:
        Van Calster et al., Calibration: the Achilles heel of predictive analytics (2019).
    """
    counts = resample_counts(sample.n_persons, replicates=settings.replicates, seed=settings.seed)
    runs, rounding = sample.runs[settings.model], Rounding(settings.digits, settings.confidence)
    shares = seed_shares(settings.model, [run.seed for run in runs], settings)
    found: dict[str, Any] = {}
    for task in tasks:
        columns = [list(_columns(task, sample.targets[task.name][run.person], run)) for run in runs]
        found[task.name] = {
            name: _record([by_run[place][1:] for by_run in columns], runs, counts, shares, settings, rounding)
            for place, (name, *_) in enumerate(columns[0])
        }
    return found


def _columns(task: Task, target: np.ndarray, run: Run) -> Iterator[tuple[str, np.ndarray, np.ndarray, bool]]:
    """Name, outcome, prediction, and whether it is a probability, of all that a task says."""
    predicted, kind = run.predictions[task.name], kind_of(task)
    title = task.title or task.name
    if kind.form == "number":
        yield title, target[:, 0], predicted[:, 0], False
    elif kind.ordered:
        above, known = probability_above(predicted), np.where(np.isnan(target[:, 0]), np.nan, 1.0)
        for place, name in enumerate(task.classes[:-1]):
            yield f"above {name}", (target[:, 0] > place) * known, above[:, place], True
    elif task.classes:
        known = np.where(np.isnan(target[:, 0]), np.nan, 1.0)
        for place, name in enumerate(task.classes):
            yield name, (target[:, 0] == place) * known, predicted[:, place], True
    else:
        for place, name in enumerate(task.labels or (title,)):
            yield name, target[:, place], predicted[:, place], True


def _record(
    columns: Sequence[Sequence[Any]],
    runs: Sequence[Run],
    counts: np.ndarray,
    shares: np.ndarray,
    settings: EvaluationSettings,
    rounding: Rounding,
) -> dict[str, Any]:
    scores: list[Scores] = []
    chances: list[tuple[float, float]] = []
    probable = bool(columns[0][2])
    cases = columns[0][0][~np.isnan(columns[0][0])]
    rarer = min((cases == 1).sum(), (cases == 0).sum()) if probable else len(cases)
    people = rarer / (len(runs[0].person) / len(np.unique(runs[0].person)))
    if people < settings.min_count:
        return {"n": None}
    for (target, predicted, _), run in zip(columns, runs, strict=True):
        known = ~np.isnan(target)
        weights = counts[run.person[known]]
        if probable:
            scores.append(_probability(target[known], predicted[known], weights))
            calibration = calibration_of_probabilities(target[known], predicted[known])
            chances.append((calibration.error, calibration.chance))
        else:
            scores.append(_number(target[known], predicted[known], weights))
    figures = {
        name: rounding.figure(mean_of_runs([each[name] for each in scores], shares), shown=True) for name in scores[0]
    }
    record: dict[str, Any] = {"n": len(cases), **figures}
    if probable:
        error, chance = np.mean(chances, axis=0)
        record |= {"error": rounding.number(error), "chance": rounding.number(chance)}
    return record


def _probability(target: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> Scores:
    sums = totals({"cases": target, "expected": predicted}, weights)
    held = np.clip(predicted, _SMALLEST, 1 - _SMALLEST)
    return {
        "ratio": ratio(sums["cases"], sums["expected"]),
        "slope": logistic_slope(target, np.log(held / (1 - held)), weights),
    }


def _number(target: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> Scores:
    centred = predicted - predicted.mean()
    columns = {"n": np.ones_like(target), "error": target - predicted, "x": centred, "y": target}
    sums = totals({**columns, "xx": centred**2, "xy": centred * target}, weights)
    above = sums["xy"] - ratio(sums["x"] * sums["y"], sums["n"])
    below = sums["xx"] - ratio(sums["x"] ** 2, sums["n"])
    return {"bias": ratio(sums["error"], sums["n"]), "slope": ratio(above, np.where(below > 1e-12, below, 0.0))}


def logistic_slope(target: np.ndarray, logit: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The slope of a logistic regression of outcomes on logits, with an intercept; NaN where there is none.

    Shape:
        target, logit: ``(n,)``; weights: ``(n, n_replicates)``; result: ``(n_replicates,)``.
    """
    intercept, slope = np.zeros(weights.shape[1]), np.ones(weights.shape[1])
    for _ in range(_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(intercept + logit[:, None] * slope, -30, 30)))
        error, spread = weights * (target[:, None] - probability), weights * probability * (1 - probability)
        gradient = error.sum(axis=0), logit @ error
        second = spread.sum(axis=0), logit @ spread, logit**2 @ spread
        below = second[0] * second[2] - second[1] ** 2
        below = np.where(below > 1e-12, below, np.nan)
        # a step at most of 1, so that no replicate runs away at first
        step = (
            np.clip((second[2] * gradient[0] - second[1] * gradient[1]) / below, -1, 1),
            np.clip((second[0] * gradient[1] - second[1] * gradient[0]) / below, -1, 1),
        )
        intercept, slope = intercept + step[0], slope + step[1]
        if np.nanmax(np.abs(step), initial=0.0) < 1e-8:
            break
    return np.where(np.abs(slope) < _BOUND, slope, np.nan)
