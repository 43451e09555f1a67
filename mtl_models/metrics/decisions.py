"""What a model's decisions come to on held-out people: who is flagged, who of them has it, and what that is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.kinds import kind_of
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.classes import hard_scores
from mtl_models.metrics.collect import FINAL, repeat_of
from mtl_models.metrics.replicates import mean_of_runs, seed_shares
from mtl_models.metrics.rounding import Rounding
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores, ratio, totals


@dataclass(frozen=True)
class Decided:
    """Decisions of one run (a seed and a repeat) on held-out people.

    Attributes:
        person: index into the people of the part.
        target: whether someone has a label, or is of a class; NaN where that is not known.
        flagged: what was predicted, 0 or 1.
        cut: the threshold that a person was judged by, NaN where there is none.

    Shape:
        person: ``(n,)``; the others: ``(n, n_columns)``, a column a label or class.
    """

    seed: int
    person: np.ndarray
    target: np.ndarray
    flagged: np.ndarray
    cut: np.ndarray


def judge_decisions(
    predictions: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    tasks: Sequence[Task],
    *,
    part: str,
    settings: EvaluationSettings,
) -> dict[str, Any]:
    """By task that decides anything: its rule, and for every label or class who is flagged, with intervals.

    Each run's cuts are chosen on its own validation people, as those of an exported network are, and judged on the
    people of ``part``. Intervals carry people and seeds.

    Figures: ``flagged`` is the share of people that is predicted; ``sensitivity`` the share of the cases among them;
    ``ppv`` the share of cases among those who are flagged. ``net_benefit`` is the share of people found less the share
    of false alarms times the odds of the threshold, ``treat_all`` that of flagging everybody (nobody: 0).

    Source: Vickers and Elkin, Decision curve analysis (2006).
    """
    rows = predictions.filter(pl.col("model") == settings.model)
    resamples = [name for name in splits.columns if name not in (PERSON, FINAL)] or [FINAL]
    persons = splits.filter(pl.any_horizontal(pl.col(resamples) == part))[PERSON].unique().sort()
    counts = resample_counts(len(persons), replicates=settings.replicates, seed=settings.seed)
    rounding = Rounding(settings.digits, settings.confidence)
    found: dict[str, Any] = {}
    for task in tasks:
        if task.role == "main" and kind_of(task).first_cuts(task):
            runs = _decide(rows, targets, splits, resamples, persons, task, part)
            found[task.name] = _judge(task, runs, counts, settings, rounding)
    return found


def _decide(
    rows: pl.DataFrame,
    targets: pl.DataFrame,
    splits: pl.DataFrame,
    resamples: Sequence[str],
    persons: pl.Series,
    task: Task,
    part: str,
) -> list[Decided]:
    """The runs of a task; the folds of a repeat are one run, each cut by its own validation people."""
    labels = pl.col(task.target_columns).cast(pl.Float64).fill_null(float("nan"))
    known = targets.select(PERSON, labels)
    folds: dict[tuple[int, str], list[Decided]] = {}
    by = rows.filter(pl.col("resample").is_in(resamples)).partition_by("seed", "resample", maintain_order=True)
    for frame in by:
        seed, resample = frame["seed"][0], frame["resample"][0]
        training = splits.filter(pl.col(resample) == "train").select(PERSON)
        train = training.join(known, on=PERSON, how="left").select(task.target_columns).to_numpy()
        joined = frame.join(known, on=PERSON, how="left", maintain_order="left")
        valid, held_out = joined.filter(pl.col("part") == "valid"), joined.filter(pl.col("part") == part)
        fold = _fold(task, valid, held_out, train, persons, seed)
        folds.setdefault((seed, repeat_of(resample)), []).append(fold)
    return [_pooled(each) for each in folds.values()]


def _fold(
    task: Task, valid: pl.DataFrame, held_out: pl.DataFrame, train: np.ndarray, persons: pl.Series, seed: int
) -> Decided:
    kind = kind_of(task)
    (chosen_on, labels), (predicted, target) = (
        (each.select(task.prediction_columns).to_numpy(), each.select(task.target_columns).to_numpy())
        for each in (valid, held_out)
    )
    cuts = kind.choose_cuts(task, chosen_on, labels, train)
    decided = kind.decided(task, predicted, cuts)
    if task.classes:
        places = np.arange(len(task.classes))
        decided, target = decided == places, np.where(np.isnan(target), np.nan, target == places)
        cuts = np.full(len(places), np.nan)
    person = np.searchsorted(persons.to_numpy(), held_out[PERSON].to_numpy())
    return Decided(seed, person, target, decided.astype(np.float64), np.broadcast_to(cuts, target.shape))


def _pooled(folds: Sequence[Decided]) -> Decided:
    parts = zip(*((each.person, each.target, each.flagged, each.cut) for each in folds), strict=True)
    return Decided(folds[0].seed, *(np.concatenate(part) for part in parts))


def _judge(
    task: Task, runs: Sequence[Decided], counts: np.ndarray, settings: EvaluationSettings, rounding: Rounding
) -> dict[str, Any]:
    shares = seed_shares(settings.model, [run.seed for run in runs], settings)
    names = task.classes or task.labels or (task.title or task.name,)
    people = [_people(runs, place) for place in range(len(names))]
    enough = [min(n_cases, n - n_cases) >= settings.min_count for n, n_cases in people]
    if task.classes and not all(enough):  # the other classes and the total would give a small one away
        enough = [False] * len(names)
    columns: dict[str, Any] = {}
    for place, name in enumerate(names):
        (n, n_cases), shown = people[place], enough[place]
        cut = float(np.mean([run.cut[:, place].mean() for run in runs]))
        scores = [_flagged(run, place, counts) for run in runs]
        columns[name] = {
            "cut": rounding.number(cut),
            "n": n if shown else None,
            "n_cases": n_cases if shown else None,
            "metrics": {
                metric: rounding.figure(mean_of_runs([each[metric] for each in scores], shares), shown=True)
                for metric in (scores[0] if shown else ())
            },
        }
    record: dict[str, Any] = {"title": task.title or task.name, "rule": kind_of(task).rule_words(task)}
    if task.classes and all(enough):
        agreement = [_agreement(run, counts, ordered=kind_of(task).ordered) for run in runs]
        record["agreement"] = {
            metric: rounding.figure(mean_of_runs([each[metric] for each in agreement], shares), shown=True)
            for metric in agreement[0]
        }
    return {**record, "columns": columns}


def _people(runs: Sequence[Decided], place: int) -> tuple[int, int]:
    """How many people have a label, and how many of them are cases."""
    labelled = np.concatenate([run.person[~np.isnan(run.target[:, place])] for run in runs])
    cases = np.concatenate([run.person[run.target[:, place] == 1] for run in runs])
    return len(np.unique(labelled)), len(np.unique(cases))


def _flagged(run: Decided, place: int, counts: np.ndarray) -> Scores:
    known = ~np.isnan(run.target[:, place])
    target, flagged, cut = (each[known, place] for each in (run.target, run.flagged, run.cut))
    odds = cut / (1 - np.minimum(cut, 1 - 1e-9))
    columns = {"n": np.ones_like(target), "flagged": flagged, "cases": target, "found": target * flagged}
    columns |= {"net": target * flagged - odds * (1 - target) * flagged, "all": target - odds * (1 - target)}
    sums = totals(columns, counts[run.person[known]])
    scores = {
        "flagged": ratio(sums["flagged"], sums["n"]),
        "sensitivity": ratio(sums["found"], sums["cases"]),
        "ppv": ratio(sums["found"], sums["flagged"]),
    }
    if not np.isnan(cut).any():
        scores |= {"net_benefit": ratio(sums["net"], sums["n"]), "treat_all": ratio(sums["all"], sums["n"])}
    return scores


def _agreement(run: Decided, counts: np.ndarray, *, ordered: bool) -> Scores:
    """How often the class is right and, where classes are ordered, weighted kappa."""
    known = ~np.isnan(run.target[:, 0])
    target = run.target[known].argmax(axis=1).astype(np.float64)
    decided, weights = run.flagged[known].argmax(axis=1).astype(np.float64), counts[run.person[known]]
    scores = hard_scores(target, decided, run.target.shape[1], weights)
    return {**scores, "qwk": weighted_kappa(target, decided, weights)} if ordered else scores


def weighted_kappa(target: np.ndarray, decided: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Quadratic weighted kappa: agreement beyond chance, far misses counting more.

    Shape:
        target, decided: ``(n,)``; weights: ``(n, n_replicates)``.
    """
    squares, distance = target**2 + decided**2, (target - decided) ** 2
    columns = {"n": np.ones_like(target), "true": target, "decided": decided, "squares": squares, "distance": distance}
    sums = totals(columns, weights)
    by_chance = sums["squares"] - 2 * ratio(sums["true"] * sums["decided"], sums["n"])
    return 1 - ratio(sums["distance"], np.where(by_chance > 1e-9, by_chance, 0.0))
