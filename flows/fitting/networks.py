"""Networks fitted from jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, in_view, parts_of, shared
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.frames import prediction_rows

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.training.fit import Fitted


def fit_job(
    job: Job, dataset: Dataset, spec: FeatureSpec, splits: pl.DataFrame, settings: StudySettings, progress: bool
) -> tuple[Fitted, pl.DataFrame]:
    """Fit one network and predict the parts that it was not trained on."""
    from mtl_models.training.fit import FitSettings, TrainingData, fit
    from mtl_models.training.prediction import predict
    from mtl_models.training.reproducible import reproducible

    settings = job.settings or settings
    dataset, spec = in_view(dataset, spec, settings, job.tasks)
    how = FitSettings(settings.model, settings.training, settings.baselines)
    if len(settings.task_records) > len(job.tasks) == 1:
        # a teacher of one task would cost as much as one of all: a twin is the teacher's network on a single task
        how = how.teacher()
    parts = parts_of(splits, job.resample)
    data = TrainingData(dataset.take(parts["train"]), dataset.take(parts["valid"]), spec, job.tasks)
    fitted = fit(data, how, seed=job.seed, progress=progress)
    held_out = {part: dataset.take(mask) for part, mask in parts.items() if part != "train"}
    with reproducible(job.seed, how.training.threads):
        values = {part: (people.person, predict(fitted.network, people)) for part, people in held_out.items()}
    return fitted, prediction_rows(job.model, job.seed, job.resample, values, fitted.network.tasks)


def network_rows(job: Job) -> pl.DataFrame:
    """Predictions of one network, fitted on what all jobs of this process use."""
    return fit_job(job, *shared(), progress=False)[1]
