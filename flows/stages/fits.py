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

from flows.errors import awaiting_workers, in_worker
from flows.processes import end_with_parent
from mtl_models.baselines import BASELINES, require_library
from mtl_models.data import Dataset, FeatureSpec
from mtl_models.frames import prediction_frame
from mtl_models.joint import JOINT
from mtl_models.settings import Component, parse_settings
from mtl_models.tasks import Task

if TYPE_CHECKING:
    from flows.settings import StudySettings
    from mtl_models.training import Fitted

Found = TypeVar("Found")
Shared: TypeAlias = "tuple[Dataset, FeatureSpec, pl.DataFrame, StudySettings]"
FINAL = "final"
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


def prediction_rows(
    model: str,
    seed: int,
    resample: str,
    predictions: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]],
    tasks: Iterable[Task],
) -> pl.DataFrame:
    """Predictions of one fit as rows of a predictions table; ``predictions`` maps a part to people and values."""
    tasks = tuple(tasks)
    frames = [
        prediction_frame(person, values, tasks).select(
            pl.lit(model).alias("model"),
            pl.lit(seed, pl.Int32).alias("seed"),
            pl.lit(resample).alias("resample"),
            pl.lit(part).alias("part"),
            pl.all(),
        )
        for part, (person, values) in predictions.items()
    ]
    return pl.concat(frames)


def in_view(
    dataset: Dataset, spec: FeatureSpec, settings: StudySettings, tasks: Iterable[Task]
) -> tuple[Dataset, FeatureSpec]:
    """The features that at least one of the tasks may see in the study's view, of the model's domains if it names any.

    Raises:
        ValueError: for a domain that the features lack.
    """
    model = settings.model
    if unknown := sorted(set(model.domains) - set(spec.domains)):
        known = ", ".join(spec.domains)
        raise ValueError(f"model.domains: the features have no domain {unknown[0]}; they have {known}")
    part = spec.core if model.view == "core" else spec.seen_by(task.name for task in tasks)
    if model.domains:
        part = FeatureSpec(tuple(feature for feature in part.features if feature.domain in model.domains))
    return dataset.select(spec, part), part


def fit_job(
    job: Job, dataset: Dataset, spec: FeatureSpec, splits: pl.DataFrame, settings: StudySettings, progress: bool
) -> tuple[Fitted, pl.DataFrame]:
    """Fit one network and predict the parts that it was not trained on."""
    from mtl_models.prediction import predict
    from mtl_models.reproducible import reproducible
    from mtl_models.training import fit

    settings = job.settings or settings
    dataset, spec = in_view(dataset, spec, settings, job.tasks)
    model, training = settings.model, settings.training
    if len(settings.task_records) > len(job.tasks) == 1:
        # a teacher of one task would cost as much as one of all: a twin is the teacher's network on a single task
        model, training = training.teacher(model)
    parts = parts_of(splits, job.resample)
    fitted = fit(
        dataset.take(parts["train"]),
        dataset.take(parts["valid"]),
        spec,
        job.tasks,
        model,
        training,
        seed=job.seed,
        progress=progress,
        baselines=settings.baselines,
    )
    held_out = {part: dataset.take(mask) for part, mask in parts.items() if part != "train"}
    with reproducible(job.seed, training.threads):
        values = {part: (people.person, predict(fitted.network, people)) for part, people in held_out.items()}
    return fitted, prediction_rows(job.model, job.seed, job.resample, values, fitted.network.tasks)


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


def fit_jobs(
    jobs: list[Job], dataset: Dataset, spec: FeatureSpec, splits: pl.DataFrame, settings: StudySettings, *, title: str
) -> Iterator[pl.DataFrame]:
    """Predictions of every job, in the order of the jobs, with a progress bar over them."""
    yield from in_processes(_fit_shared, jobs, (dataset, spec, splits, settings), title=title)


def in_processes(function: Callable[[Job], Found], jobs: list[Job], given: Shared, *, title: str) -> Iterator[Found]:
    """What a function gives for every job, in the order of the jobs; there :func:`shared` is what is ``given``."""
    from mtl_models.progress import progress_bar

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


def _fit_shared(job: Job) -> pl.DataFrame:
    if job.method:
        return fit_joint(job, job.method, *_SHARED[0])
    if job.model in BASELINES:
        return fit_baseline(job, *shared())
    return fit_job(job, *shared(), progress=False)[1]
