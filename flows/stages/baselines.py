"""Stage: fit what the shared model is compared with, on the same resamples: single-task twins, linear and boosted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from flows.fitting.jobs import KEYS, Job, StudyData
from flows.fitting.names import FINAL, MODEL, models_in
from flows.fitting.networks import network_rows
from flows.fitting.pool import in_processes
from flows.fitting.single import fit_baseline, seeds_of
from flows.project.paths import replace_file
from flows.project.settings import StudySettings
from flows.stages.command import run_stage
from flows.study.study import Study
from mtl_models.baselines import BASELINES
from mtl_models.data.dataset import PERSON


def plan(settings: StudySettings, resamples: Iterable[str]) -> Iterator[list[Job]]:
    """The jobs in groups: one group a model, seed and resample, one job a main task."""
    tasks = [task for task in settings.task_records if task.role == "main"]
    named = models_in((MODEL.text, *settings.baselines.models))
    for model in (named[name] for name in settings.baselines.models):
        for resample in resamples:
            for seed in seeds_of(settings, model):
                yield [Job(model=model, resample=resample, seed=seed, tasks=(task,)) for task in tasks]


def fit_one(job: Job, study: StudyData) -> pl.DataFrame:
    """Predictions of one job: a baseline, or the network of a single task."""
    return fit_baseline(job, study) if job.model.name in BASELINES else network_rows(job, study)


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's features."""
    paths, settings = study.paths, study.settings
    data = StudyData.read(paths.features, settings)
    groups = list(plan(settings, [name for name in data.splits.columns if name not in (PERSON, FINAL)]))
    jobs = [job for group in groups for job in group]
    frames = iter(list(in_processes(fit_one, jobs, data, title="baselines")))
    tables = []
    for group in groups:
        table = next(frames)
        for _ in group[1:]:
            table = table.join(next(frames), on=KEYS, how="left", maintain_order="left", validate="1:1")
        tables.append(table)
    replace_file(paths.models / "baselines.parquet", pl.concat(tables).write_parquet)
    return {"n_fits": len(jobs)}


if __name__ == "__main__":
    run_stage(run, depth="parts")
