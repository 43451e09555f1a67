"""The networks of a sweep's points, fitted in processes of one thread each; a finished point is not fitted again.

Every process imports this module: what only the first one needs is imported where it is used.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from flows.experiments.sweeps.points import Point, build, table_hashes
from flows.experiments.sweeps.settings import ALONE, SHARED, SweepSettings
from flows.project.errors import awaiting_workers, in_worker
from flows.project.paths import replace_file
from mtl_models.data.frames import prediction_frame


@dataclass(frozen=True)
class Job:
    """The networks of one point and seed: all tasks together, and each measured task alone."""

    point: Point
    seed: int
    root: Path


def train_missing(sweep: SweepSettings, points: list[Point], folder: Path, root: Path, *, title: str) -> list[Path]:
    """Fit the points that are not in ``folder`` yet, each written as soon as it is done; the files of all points.

    Points that differ only in the task that is measured have the same file.
    """
    from flows.project.hashing import digest
    from flows.project.identity import code_digest

    inputs = digest(code_digest("flows.experiments.sweeps.fits"), table_hashes(sweep, root))
    files = [folder / point.file_name(inputs) for point in points]
    missing = {file: point for point, file in zip(points, files, strict=True) if not file.exists()}
    jobs = [Job(point, seed, root) for point in missing.values() for seed in point.training.seeds]
    frames = fit_jobs(jobs, title=title)
    for file, point in missing.items():
        replace_file(file, pl.concat(islice(frames, len(point.training.seeds))).write_parquet)
    for stale in set(folder.glob("*.parquet")) - set(files):
        stale.unlink()
    return files


def fit_jobs(jobs: list[Job], *, title: str) -> Iterator[pl.DataFrame]:
    """Predictions of every job, in the order of the jobs, with a progress bar over them."""
    from flows.fitting.jobs import MOST_WORKERS
    from mtl_models.training.progress import progress_bar

    if not jobs:
        return
    n_workers = min(len(jobs), os.cpu_count() or 1, MOST_WORKERS)
    context = multiprocessing.get_context("spawn")
    with (
        progress_bar(title, len(jobs), show=True) as advance,
        awaiting_workers(),
        ProcessPoolExecutor(n_workers, mp_context=context) as pool,
    ):
        for job, frame in zip(jobs, pool.map(partial(in_worker, fit_job), jobs), strict=True):
            advance(f"{job.point.line}, {job.point.value:g}, seed {job.seed}")
            yield frame


def fit_job(job: Job) -> pl.DataFrame:
    """Predictions of the measured people by the network of all tasks and by the measured tasks' single-task twins.

    Both kinds have the same settings, budget, seed and people; rows stand in the people's order.
    """
    from mtl_models.training.fit import FitSettings, TrainingData, fit
    from mtl_models.training.prediction import predict

    point, material = job.point, build(job.point, job.root, job.seed)
    data = TrainingData(material.train, material.valid, material.spec, material.tasks)
    frames = []
    for model, groups in ((SHARED, [material.tasks]), (ALONE, [(task,) for task in material.shown])):
        values: dict[str, np.ndarray] = {}
        for tasks in groups:
            fitted = fit(data.of_tasks(tasks), FitSettings(point.model, point.training), seed=job.seed)
            values.update(predict(fitted.network, material.measured))
        frame = prediction_frame(material.measured.person, values, material.shown)
        frames.append(frame.select(pl.lit(model).alias("model"), pl.lit(job.seed, pl.Int32).alias("seed"), pl.all()))
    return pl.concat(frames)
