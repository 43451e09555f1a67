"""Networks fitted side by side in processes of one thread each, so that the count of processors changes no bit."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np
import polars as pl

from flows.project.errors import awaiting_workers, in_worker
from flows.project.processes import end_with_parent
from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.data.view import features_in_view

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.settings import Component

Found = TypeVar("Found")
Shared: TypeAlias = "tuple[Dataset, FeatureSpec, pl.DataFrame, StudySettings]"
MOST_WORKERS = 4  # about 0.5 GiB each


@dataclass(frozen=True, kw_only=True)
class Job:
    """One model to fit: for which tasks, on which resample, from which seed; with settings of its own if given.

    It is a joint model if ``method`` names one, a baseline if ``model`` does, else a network.
    """

    model: str
    resample: str
    seed: int
    tasks: tuple[Task, ...]
    settings: StudySettings | None = None
    method: Component | None = None


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


def in_processes(function: Callable[[Job], Found], jobs: list[Job], given: Shared, *, title: str) -> Iterator[Found]:
    """What a function gives for every job, in the order of the jobs; there :func:`shared` is what is ``given``."""
    from mtl_models.training.progress import progress_bar

    n_workers = min(len(jobs), os.cpu_count() or 1, MOST_WORKERS)
    context = multiprocessing.get_context("spawn")
    with (
        progress_bar(title, len(jobs), show=True) as advance,
        awaiting_workers(),
        ProcessPoolExecutor(n_workers, mp_context=context, initializer=_share, initargs=(given,)) as pool,
    ):
        for job, found in zip(jobs, pool.map(partial(in_worker, function), jobs), strict=True):
            advance(f"{job.resample}, seed {job.seed}")
            yield found


_SHARED: list[Shared] = []


def _share(given: Shared) -> None:
    """Keep in a worker what all of its jobs use, so that it travels once; no worker outlives its stage."""
    end_with_parent()
    _SHARED[:] = [given]


def shared() -> Shared:
    """What all jobs of this process use."""
    return _SHARED[0]
