"""What is fitted: a job, what all jobs of a study use, and what of that one job learns from and predicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from flows.fitting.names import ModelName
from mtl_models.data.dataset import PERSON, Dataset, FeatureSpec, read_dataset
from mtl_models.data.frames import prediction_rows
from mtl_models.data.tasks import Task
from mtl_models.data.view import features_in_view

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.settings import Component

KEYS = ["model", "seed", "resample", "part", PERSON]
"""Columns that tell the rows of a table of predictions apart."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model to fit: for which tasks, on which resample, from which seed; with settings of its own if given.

    It is a joint model if ``method`` names one, a baseline if ``model`` does, else a network.
    """

    model: ModelName
    resample: str
    seed: int
    tasks: tuple[Task, ...]
    settings: StudySettings | None = None
    method: Component | None = None

    def __str__(self) -> str:
        return f"{self.resample}, seed {self.seed}"

    def rows(self, people: Mapping[str, Dataset], values: Mapping[str, dict[str, np.ndarray]]) -> pl.DataFrame:
        """What was predicted by part, as rows of a table of predictions."""
        found = {part: (each.person, values[part]) for part, each in people.items()}
        tasks = [task for task in self.tasks if all(task.name in each for each in values.values())]
        return prediction_rows(self.model.text, self.seed, self.resample, found, tasks)


@dataclass(frozen=True)
class JobData:
    """What one job learns from and predicts: people in the view of its tasks, by part.

    Attributes:
        held_out: the parts that it does not learn from, ``valid`` among them.
    """

    settings: StudySettings
    spec: FeatureSpec
    train: Dataset
    held_out: dict[str, Dataset]

    @property
    def valid(self) -> Dataset:
        """The people that choose among epochs, rounds or penalties."""
        return self.held_out["valid"]


@dataclass(frozen=True)
class StudyData:
    """What all jobs of a study use: people with features and targets, their splits, and the settings."""

    dataset: Dataset
    spec: FeatureSpec
    splits: pl.DataFrame
    settings: StudySettings

    @classmethod
    def read(cls, features: Path, settings: StudySettings, further: Iterable[Task] = ()) -> StudyData:
        """From a folder of features; with the targets of ``further`` tasks, if any are to be learned besides."""
        return cls(*read_dataset(features, (*settings.task_records, *further)), settings)

    def of(self, job: Job) -> JobData:
        """The part of it that a job is given.

        Raises:
            ValueError: for a domain that the features lack.
        """
        settings = job.settings or self.settings
        dataset, spec = in_view(self.dataset, self.spec, settings, job.tasks)
        parts = parts_of(self.splits, job.resample)
        held_out = {part: dataset.take(mask) for part, mask in parts.items() if part != "train"}
        return JobData(settings, spec, dataset.take(parts["train"]), held_out)


def parts_of(splits: pl.DataFrame, resample: str) -> dict[str, np.ndarray]:
    """Row masks of a resample's parts, empty parts left out."""
    values = splits[resample].to_numpy()
    return {part: values == part for part in ("train", "valid", "test") if (values == part).any()}


def in_view(
    dataset: Dataset, spec: FeatureSpec, settings: StudySettings, tasks: Iterable[Task]
) -> tuple[Dataset, FeatureSpec]:
    """A dataset in the study's view, with its spec (:func:`mtl_models.data.view.features_in_view`).

    Raises:
        ValueError: for a domain that the features lack.
    """
    part = features_in_view(spec, settings.model, [task.name for task in tasks])
    return dataset.select(spec, part), part
