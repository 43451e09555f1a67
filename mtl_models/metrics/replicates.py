"""Metrics of every model and task in every bootstrap replicate of people and of training seeds."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.metrics.bootstrap import resample_counts
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.score import TaskScores, score_task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores

Replicates = dict[str, dict[str, TaskScores]]
"""By model and task; element 0 of every array is the estimate, the others its replicates."""


def replicate(sample: Sample, tasks: Sequence[Task], settings: EvaluationSettings) -> Replicates:
    """All metrics on the sample and on its replicates.

    The people of a replicate are the same for all models and tasks. Its seeds are drawn anew for each model, with
    replacement: seed 0 of one model has nothing in common with seed 0 of another. A model of one seed varies by its
    people alone.
    """
    counts = resample_counts(sample.n_persons, replicates=settings.replicates, seed=settings.seed)
    everyone = np.arange(sample.n_persons)

    def score(task: Task, run: Run) -> TaskScores:
        whole = np.array_equal(run.person, everyone)
        weights = counts if whole else counts[run.person]
        return score_task(task, sample.targets[task.name][run.person], run.predictions[task.name], weights)

    found: Replicates = {}
    for model, runs in sample.runs.items():
        shares = seed_shares(model, [run.seed for run in runs], settings)
        found[model] = {task.name: _average([score(task, run) for run in runs], shares) for task in tasks}
    return found


def seed_shares(model: str, seeds: Sequence[int], settings: EvaluationSettings) -> np.ndarray:
    """What each run of a model counts in every replicate: its seed's draws; all runs alike in the sample itself.

    The draw depends on the evaluation's seed, the model's name and the number of seeds: another model changes nothing.

    Args:
        seeds: the seed of each run; a seed has several runs where there are several repeats.

    Shape:
        ``(len(seeds), 1 + replicates)``, every column sums to 1.
    """
    different = sorted(set(seeds))
    generator = np.random.default_rng([settings.seed, zlib.crc32(model.encode())])
    draws = generator.multinomial(len(different), np.full(len(different), 1 / len(different)), settings.replicates)
    shares = np.concatenate([np.ones((1, len(different))), draws]).T
    return shares[[different.index(seed) for seed in seeds]] / len(seeds)


def _average(scores: list[TaskScores], shares: np.ndarray) -> TaskScores:
    def mean(parts: list[Scores]) -> Scores:
        return {name: mean_of_runs([part[name] for part in parts], shares) for name in parts[0]}

    labels = {label: mean([each.labels[label] for each in scores]) for label in scores[0].labels}
    return replace(scores[0], metrics=mean([each.metrics for each in scores]), labels=labels)


def mean_of_runs(values: Sequence[np.ndarray], shares: np.ndarray) -> np.ndarray:
    """The mean by what :func:`seed_shares` gives; a run that a replicate did not draw does not count there at all."""
    return np.asarray(np.where(shares > 0, np.stack(values) * shares, 0.0).sum(axis=0))
