"""Baselines fitted from jobs, one model a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, StudyData
from flows.fitting.names import ModelName
from mtl_models.baselines import BASELINES, UNSEEDED, require_library

if TYPE_CHECKING:
    from flows.project.settings import StudySettings


def seeds_of(settings: StudySettings, model: ModelName) -> tuple[int, ...]:
    """The seeds that a model of the baselines is fitted from; one where nothing in it is random."""
    first, *_ = seeds = settings.training.seeds
    if model.is_twin:
        return seeds[: settings.baselines.twin_seeds]
    return tuple(range(first, first + (1 if model.name in UNSEEDED else settings.baselines.booster_seeds)))


def fit_baseline(job: Job, study: StudyData) -> pl.DataFrame:
    """Fit a baseline for one task and predict the parts that it was not trained on."""
    given, name = study.of(job), job.model.name
    (task,) = job.tasks
    require_library(name)
    fit_predict = BASELINES[name]
    values = fit_predict(given.train, given.held_out, given.valid, task, given.spec, given.settings.baselines, job.seed)
    if given.settings.training.calibrate:  # what the network is given, its competitors are given
        from mtl_models.training.calibration import calibrated

        values = calibrated(task, given.valid.targets[task.name], values["valid"], values)
    return job.rows(given.held_out, {part: {task.name: each} for part, each in values.items()})
