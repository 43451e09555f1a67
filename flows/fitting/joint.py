"""Joint models fitted from jobs, one for all tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, StudyData
from mtl_models.joint import JOINT
from mtl_models.settings import Component, parse_settings

if TYPE_CHECKING:
    pass


def fit_joint(job: Job, method: Component, study: StudyData) -> pl.DataFrame:
    """Fit a joint model of all of the job's tasks and predict the parts that it was not trained on."""
    given = study.of(job)
    joint = JOINT[method.name]
    options = parse_settings(joint.Options, method.options, where=f"{job.model.text}.method")
    values = joint(given.train, given.held_out, given.valid, job.tasks, given.spec, options, job.seed)
    return job.rows(given.held_out, values)
