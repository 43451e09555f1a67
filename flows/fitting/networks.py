"""Networks fitted from jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, StudyData

if TYPE_CHECKING:
    from mtl_models.training.fit import Fitted


def fit_network(job: Job, study: StudyData, *, progress: bool = False) -> tuple[Fitted, pl.DataFrame]:
    """Fit one network and predict the parts that it was not trained on."""
    from mtl_models.training.fit import FitSettings, TrainingData, fit
    from mtl_models.training.prediction import predict
    from mtl_models.training.reproducible import reproducible

    given = study.of(job)
    settings = given.settings
    how = FitSettings(settings.model, settings.training, settings.baselines)
    if len(settings.task_records) > len(job.tasks) == 1:
        # a teacher of one task would cost as much as one of all: a twin is the teacher's network on a single task
        how = how.teacher()
    data = TrainingData(given.train, given.valid, given.spec, job.tasks)
    fitted = fit(data, how, seed=job.seed, progress=progress)
    with reproducible(job.seed, how.training.threads):
        values = {part: predict(fitted.network, people) for part, people in given.held_out.items()}
    return fitted, job.rows(given.held_out, values)


def network_rows(job: Job, study: StudyData) -> pl.DataFrame:
    """Predictions of one network."""
    return fit_network(job, study)[1]
