"""Metrics of every model and task in every bootstrap replicate, averaged over seeds and repeats."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mtl_models.bootstrap import resample_counts
from mtl_models.metrics.collect import Run, Sample
from mtl_models.metrics.score import TaskScores, score_task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.weights import Scores
from mtl_models.tasks import Task

Replicates = dict[str, dict[str, TaskScores]]
"""By model and task; element 0 of every array is the estimate, the others its replicates."""


def replicate(sample: Sample, tasks: Sequence[Task], settings: EvaluationSettings) -> Replicates:
    """All metrics on the sample and on its replicates, which are the same for all models and tasks."""
    counts = resample_counts(sample.n_persons, replicates=settings.replicates, seed=settings.seed)
    everyone = np.arange(sample.n_persons)

    def score(task: Task, run: Run) -> TaskScores:
        whole = np.array_equal(run.person, everyone)
        weights = counts if whole else counts[run.person]
        return score_task(task, sample.targets[task.name][run.person], run.predictions[task.name], weights)

    return {
        model: {task.name: _average([score(task, run) for run in runs]) for task in tasks}
        for model, runs in sample.runs.items()
    }


def _average(scores: list[TaskScores]) -> TaskScores:
    def mean(parts: list[Scores]) -> Scores:
        return {name: np.mean([part[name] for part in parts], axis=0) for name in parts[0]}

    labels = {label: mean([each.labels[label] for each in scores]) for label in scores[0].labels}
    return TaskScores(mean([each.metrics for each in scores]), labels)
