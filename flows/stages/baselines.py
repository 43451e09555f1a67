"""Stage: fit what the shared model is compared with, on the same resamples: single-task twins, linear and boosted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from flows.paths import replace_file
from flows.settings import StudySettings
from flows.stages.command import Stage, run_stage
from flows.stages.fits import FINAL, Job, fit_jobs
from mtl_models.baselines import UNSEEDED
from mtl_models.data import PERSON, read_dataset

TWIN = "single_task"
KEYS = ["model", "seed", "resample", "part", PERSON]


def seeds_of(settings: StudySettings, model: str) -> tuple[int, ...]:
    """The seeds that a model of the baselines is fitted from; one where nothing in it is random."""
    first, *_ = seeds = settings.training.seeds
    if model == TWIN:
        return seeds[: settings.baselines.twin_seeds]
    return tuple(range(first, first + (1 if model in UNSEEDED else settings.baselines.booster_seeds)))


def plan(settings: StudySettings, resamples: Iterable[str]) -> Iterator[list[Job]]:
    """The jobs in groups: one group a model, seed and resample, one job a main task."""
    tasks = [task for task in settings.task_records if task.role == "main"]
    for model in settings.baselines.models:
        for resample in resamples:
            for seed in seeds_of(settings, model):
                yield [Job(model=model, resample=resample, seed=seed, tasks=(task,)) for task in tasks]


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's features."""
    paths, settings = stage.paths, stage.settings
    dataset, spec, splits = read_dataset(paths.features, settings.task_records)
    groups = list(plan(settings, [name for name in splits.columns if name not in (PERSON, FINAL)]))
    jobs = [job for group in groups for job in group]
    frames = iter(list(fit_jobs(jobs, dataset, spec, splits, settings, title="baselines")))
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
