"""A challenger beside another model on the same people: worse by a margin or not, in the mean and task by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from flows.nightly.judging.checks import Check
from flows.nightly.judging.predicted import People, Predicted, losses_of, mean_scores, scores_of
from flows.project.gate_settings import MEAN, GateSettings
from flows.report.words import NBSP, count, level, percent, points
from mtl_models.data.tasks import Task
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.comparison import NO_LOSS, compare, relative_gain
from mtl_models.metrics.means import mean_of_defined
from mtl_models.metrics.noninferiority import (
    Margin,
    Noise,
    NonInferiority,
    noise_of_repeats,
    noise_of_seeds,
    non_inferiority,
)
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.score import TaskScores, loss_name
from mtl_models.metrics.settings import BOUND, EvaluationSettings

_DIGITS = 6


@dataclass(frozen=True)
class Compared:
    """Gains over another model, as ``mtl_models.metrics.comparison.compare`` records them, and what to say of them."""

    gains: dict[str, Any]
    checks: list[Check]


@dataclass(frozen=True)
class Rules:
    """What all comparisons of a verdict have in common.

    Attributes:
        share: of the chance that the settings allow for refusing the same recipe.
        same_network: no training stands between the two models, and a margin on all people does not grow: nobody needs
            to be kept from refusing the same recipe.
    """

    gate: GateSettings
    evaluation: EvaluationSettings
    share: float = 1.0
    same_network: bool = False

    def counts(self, people: People) -> np.ndarray:
        """The resamples of some people, the same for all models."""
        return resample_counts(people.n, replicates=self.gate.replicates, seed=self.gate.seed)

    def margin(self, loss: float, n: int) -> Margin:
        """For one of ``n`` gains, which share half of the chance of a wrong refusal; the mean has the other half."""
        widest, confidence = self.gate.margins.widest, self.gate.confidence
        return Margin(loss, widest, confidence, self.share * (1 - confidence) / 2, n)


def compared(
    name: str, ours: Predicted, theirs: Predicted, people: People, tasks: Sequence[Task], rules: Rules
) -> Compared:
    """Hold a challenger against another model on the tasks of both.

    Args:
        name: of the other model, such as ``champion``.
    """
    counts = rules.counts(people)
    each, others = ([losses_of(frame, people, tasks, counts) for frame in model.frames] for model in (ours, theirs))
    mine, other = mean_scores(each), mean_scores(others)
    rounding = Rounding(_DIGITS, rules.evaluation.confidence)
    gains = compare(tasks, mine, other, dict.fromkeys((task.name for task in tasks), True), rounding, is_twin=False)
    noise = _noise(ours, theirs, each, others, people, tasks, rules)
    by_task = {task.name: relative_gain(task, mine[task.name], other[task.name]) for task in tasks}
    mean = mean_of_defined(by_task).values
    say = partial(_check, n=people.n, whose=people.whose, rules=rules)
    alike = dict.fromkeys(noise, 0.0) if rules.same_network else _alike(theirs, others, people, tasks, counts)
    checks = [say(f"{name}, mean", mean, noise[MEAN], rules.margin(rules.gate.margins.mean, 1), alike=alike.get(MEAN))]
    for task in tasks:
        gain, title = by_task[task.name], f"{name}, {task.name}"
        if np.isnan(gain[0]):
            checks.append(Check.of(title, False, mine[task.name].undefined or _no_loss(name, people)))
        else:
            margin = rules.margin(rules.gate.margins.task, len(tasks))
            checks.append(say(title, gain, noise[task.name], margin, alike=alike.get(task.name)))
    return Compared(gains, checks)


def mean_gain(
    name: str, ours: Predicted, theirs: Predicted, people: People, tasks: Sequence[Task], rules: Rules, margin: Margin
) -> Check:
    """The check of the mean alone, such as that of a subgroup."""
    counts = rules.counts(people)
    each, others = ([losses_of(frame, people, tasks, counts) for frame in model.frames] for model in (ours, theirs))
    mine, other = mean_scores(each), mean_scores(others)
    gains = mean_of_defined({task.name: relative_gain(task, mine[task.name], other[task.name]) for task in tasks})
    noise = _noise(ours, theirs, each, others, people, tasks, rules)[MEAN]
    alike = _alike(theirs, others, people, tasks, counts).get(MEAN)
    return _check(name, gains.values, noise, margin, n=people.n, whose=people.whose, rules=rules, alike=alike)


def _check(
    name: str, gain: np.ndarray, noise: Noise, margin: Margin, *, n: int, whose: str, rules: Rules, alike: float | None
) -> Check:
    """What is to be said of one gain."""
    found = non_inferiority(gain, noise, margin, alike=alike)
    people = f"{count(n, rules.evaluation.min_count)} {whose}"
    figures = {"n": n if n >= rules.evaluation.min_count else None, **_rounded(found), "asked": margin.loss}
    if found.gain is None or found.low is None or found.told is None:
        return Check.of(name, False, f"no interval on {people}, too few", **figures)
    doubled = found.gain <= -BOUND
    limit = f"margin of {_share(found.margin)}"
    why = (
        "its error is at least twice as large"
        if doubled
        else f"not worse by the {limit}"
        if found.passes
        else f"a loss of the {limit} is not ruled out"
    )
    words = f"gain {percent(found.gain)} on {people}, {level(margin.confidence)} sure above {percent(found.low)}: {why}"
    if found.widened:
        words += f" (on so few people losses under {_share(found.told)} cannot be told from chance"
        words += f"; {_share(margin.loss)} was asked for)"
    return Check.of(name, found.passes and not doubled, words, **figures)


def _share(value: float) -> str:
    return f"{points(value)}{NBSP}%"


def _rounded(found: NonInferiority) -> dict[str, float | None]:
    return {
        key: None if value is None else round(value, _DIGITS) + 0.0
        for key, value in (("gain", found.gain), ("low", found.low), ("told", found.told), ("margin", found.margin))
    }


def _no_loss(name: str, people: People) -> str:
    whose = "champion's" if name == "champion" else f"other's ({name})"
    said = NO_LOSS.replace("the error it is measured by", f"the {whose} error on {people.whose}")
    return f"{said}, which points to a leak of the answer"


def _noise(
    ours: Predicted,
    theirs: Predicted,
    each: Sequence[Mapping[str, TaskScores]],
    others: Sequence[Mapping[str, TaskScores]],
    people: People,
    tasks: Sequence[Task],
    rules: Rules,
) -> dict[str, Noise]:
    """What training adds to a gain's variance, by task and for the mean.

    It was measured and stands in the settings; or the repeats of both differ by it, or the seeds of each; or a value is
    taken for granted.
    """
    names, gate = [task.name for task in tasks], rules.gate
    if rules.same_network:
        return dict.fromkeys([*names, MEAN], Noise())
    found: dict[str, Noise | None] = dict.fromkeys([*names, MEAN])
    if len(each) == len(others) > 1:
        pairs = [
            {task.name: float(relative_gain(task, a[task.name], b[task.name])[0]) for task in tasks}
            for a, b in zip(each, others, strict=True)
        ]
        found = {name: noise_of_repeats([pair[name] for pair in pairs]) for name in names}
        found[MEAN] = noise_of_repeats([float(np.nanmean(list(pair.values()))) for pair in pairs])
    elif ours.seeds or theirs.seeds:
        losses = [
            [{task.name: _log_loss(task, scores) for task in tasks} for scores in _single(model, people, tasks)]
            for model in (ours, theirs)
        ]
        found = {name: noise_of_seeds([[seed[name] for seed in model] for model in losses]) for name in names}
        means = [[float(np.nanmean(list(seed.values()))) for seed in model] for model in losses]
        found[MEAN] = noise_of_seeds(means)
    assumed = Noise(2 * gate.assumed_seed_sd**2)
    measured = {name: Noise(2 * sd**2) for name, sd in gate.seed_sd.items()} if len(each) == 1 else {}
    return {name: measured.get(name) or noise or assumed for name, noise in found.items()}


def _single(model: Predicted, people: People, tasks: Sequence[Task]) -> list[dict[str, TaskScores]]:
    """Metrics of each seed, on those of the people of whom its predictions were kept."""
    known = [frame.select(pl.first().is_not_null()).to_series().to_numpy() for frame in model.seeds]
    return [
        scores_of(frame.filter(pl.Series(rows)), people.of(rows), tasks)
        for frame, rows in zip(model.seeds, known, strict=True)
    ]


def _log_loss(task: Task, scores: Mapping[str, TaskScores]) -> float:
    loss = float(scores[task.name].metrics[loss_name(task)][0])
    return float(np.log(loss)) if loss > 0 else float("nan")


def _alike(
    theirs: Predicted,
    others: Sequence[dict[str, TaskScores]],
    people: People,
    tasks: Sequence[Task],
    counts: np.ndarray,
) -> dict[str, float]:
    """The variance over people of a gain between two models of the other's recipe, by task and of the mean.

    It is that between two of its seeds, or between two of its repeats: of means over repeats it is rather less.
    """
    n, pair = len(others), list(others[:2])
    if n < 2 and len(theirs.seeds) > 1 and not any(frame.to_series(0).has_nulls() for frame in theirs.seeds[:2]):
        pair = [losses_of(frame, people, tasks, counts) for frame in theirs.seeds[:2]]
    if len(pair) < 2:
        return {}
    gains = {task.name: relative_gain(task, pair[0][task.name], pair[1][task.name]) for task in tasks}
    gains[MEAN] = mean_of_defined(gains).values
    return {name: float(np.nanvar(gain[1:])) for name, gain in gains.items() if not np.isnan(gain[0])}
