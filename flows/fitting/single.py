"""Baselines fitted from jobs, one model a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, in_view, parts_of
from flows.fitting.names import TWIN
from mtl_models.baselines import BASELINES, UNSEEDED, require_library
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.frames import prediction_rows

if TYPE_CHECKING:
    from flows.project.settings import StudySettings


def seeds_of(settings: StudySettings, model: str) -> tuple[int, ...]:
    """The seeds that a model of the baselines is fitted from; one where nothing in it is random."""
    first, *_ = seeds = settings.training.seeds
    if model == TWIN:
        return seeds[: settings.baselines.twin_seeds]
    return tuple(range(first, first + (1 if model in UNSEEDED else settings.baselines.booster_seeds)))


def fit_baseline(
    job: Job, dataset: Dataset, spec: FeatureSpec, splits: pl.DataFrame, settings: StudySettings
) -> pl.DataFrame:
    """Fit a baseline for one task and predict the parts that it was not trained on."""
    settings = job.settings or settings
    dataset, spec = in_view(dataset, spec, settings, job.tasks)
    parts = parts_of(splits, job.resample)
    held_out = {part: dataset.take(mask) for part, mask in parts.items() if part != "train"}
    (task,) = job.tasks
    train, valid = dataset.take(parts["train"]), held_out["valid"]
    require_library(job.model)
    fit_predict = BASELINES[job.model]
    values = fit_predict(train, held_out, valid, task, spec, settings.baselines, job.seed)
    predictions = {part: (people.person, {task.name: values[part]}) for part, people in held_out.items()}
    return prediction_rows(job.model, job.seed, job.resample, predictions, job.tasks)
