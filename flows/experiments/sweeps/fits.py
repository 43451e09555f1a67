"""The networks of a sweep's points, fitted in several processes; a finished point is not fitted again.

Every process imports this module: what only the first one needs is imported where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from flows.experiments.sweeps.points import Point, build, table_hashes
from flows.experiments.sweeps.settings import SHARED, SweepSettings
from flows.fitting.machines import run_jobs
from flows.project.machines import read_machines
from flows.project.paths import replace_file
from mtl_models.data.frames import prediction_frame


@dataclass(frozen=True)
class Job:
    """The networks of one point and seed: all tasks together, and each measured task alone."""

    point: Point
    seed: int

    def __str__(self) -> str:
        return f"{self.point.line}, {self.point.value:g}, seed {self.seed}"


def train_missing(sweep: SweepSettings, points: list[Point], folder: Path, root: Path, *, title: str) -> list[Path]:
    """Fit the points that are not in ``folder`` yet, each written as soon as it is done; the files of all points.

    Points that differ only in the task that is measured have the same file.
    """
    from flows.project.hashing import digest
    from flows.project.identity import code_digest

    inputs = digest(code_digest("flows.experiments.sweeps.fits"), table_hashes(sweep, root))
    files = [folder / point.file_name(inputs) for point in points]
    missing = {file: point for point, file in zip(points, files, strict=True) if not file.exists()}
    jobs = [Job(point, seed) for point in missing.values() for seed in point.training.seeds]
    frames = run_jobs(fit_job, jobs, root, title=title, machines=read_machines(root))
    for file, point in missing.items():
        replace_file(file, pl.concat(islice(frames, len(point.training.seeds))).write_parquet)
    for stale in set(folder.glob("*.parquet")) - set(files):
        stale.unlink()
    return files


def fit_job(job: Job, root: Path) -> pl.DataFrame:
    """Predictions of the measured people by the network of all tasks and by the measured tasks' single-task twins.

    Both kinds have the same settings, budget, seed and people; rows stand in the people's order.
    """
    from mtl_models.training.fit import FitSettings, TrainingData, fit
    from mtl_models.training.prediction import predict

    point, material = job.point, build(job.point, root, job.seed)
    data = TrainingData(material.train, material.valid, material.spec, material.tasks)
    frames = []
    for model, groups in ((SHARED, [material.tasks]), (SHARED.twin, [(task,) for task in material.shown])):
        values: dict[str, np.ndarray] = {}
        for tasks in groups:
            fitted = fit(data.of_tasks(tasks), FitSettings(point.model, point.training), seed=job.seed)
            values.update(predict(fitted.network, material.measured))
        frame = prediction_frame(material.measured.person, values, material.shown)
        frames.append(
            frame.select(pl.lit(model.text).alias("model"), pl.lit(job.seed, pl.Int32).alias("seed"), pl.all())
        )
    return pl.concat(frames)
