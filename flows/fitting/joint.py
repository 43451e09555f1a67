"""Joint models fitted from jobs, one for all tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from flows.fitting.jobs import Job, in_view, parts_of
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.frames import prediction_rows
from mtl_models.joint import JOINT
from mtl_models.settings import Component, parse_settings

if TYPE_CHECKING:
    from flows.project.settings import StudySettings


def fit_joint(
    job: Job, method: Component, dataset: Dataset, spec: FeatureSpec, splits: pl.DataFrame, settings: StudySettings
) -> pl.DataFrame:
    """Fit a joint model of all of the job's tasks and predict the parts that it was not trained on."""
    dataset, spec = in_view(dataset, spec, job.settings or settings, job.tasks)
    parts = parts_of(splits, job.resample)
    held_out = {part: dataset.take(mask) for part, mask in parts.items() if part != "train"}
    joint = JOINT[method.name]
    options = parse_settings(joint.Options, method.options, where=f"{job.model}.method")
    train = dataset.take(parts["train"])
    values = joint(train, held_out, held_out["valid"], job.tasks, spec, options, job.seed)
    predictions = {part: (people.person, values[part]) for part, people in held_out.items()}
    return prediction_rows(job.model, job.seed, job.resample, predictions, job.tasks)
