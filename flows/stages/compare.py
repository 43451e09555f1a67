"""Stage: train a named set of ways to share on one study's resamples, and rank them on its validation people."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

import mtl_models
from flows.leaderboard import leaderboard
from flows.paths import replace_file, write_json, write_text
from flows.report.comparison import comparison_page
from flows.runs import method_of, settings_of
from flows.settings import StudySettings
from flows.stages.baselines import KEYS, TWIN
from flows.stages.baselines import seeds_of as baseline_seeds
from flows.stages.command import Stage, run_stage
from flows.stages.fits import FINAL, Job, fit_jobs
from flows.stores.registry import sha256
from mtl_models.baselines import BASELINES
from mtl_models.data import PERSON, read_dataset
from mtl_models.joint import JOINT
from mtl_models.settings import Component
from mtl_models.tasks import slug


def seeds_of(settings: StudySettings, method: Component | None) -> tuple[int, ...]:
    """The seeds that a run is fitted from: the first alone where another would give the same model."""
    seeds = settings.training.seeds
    return seeds if method is None or JOINT[method.name].seeded else seeds[:1]


def code_hash(package: Path) -> str:
    """Hash of a package's sources, which a run's predictions come from."""
    sources = sorted(package.rglob("*.py"))
    return hashlib.sha256("".join(sha256(path) for path in sources).encode()).hexdigest()


def run_key(settings: StudySettings, features: Path, method: Component | None = None) -> str:
    """Hash of all that decides a run's predictions, code too; a finished run of the same key is not trained again."""
    tables = [sha256(features / f"{name}.parquet") for name in ("features", "targets", "splits")]
    network = set() if method else {"model", "training"}
    decisive = settings.model_dump(mode="json", include={"tasks", "known_later", "baselines", *network})
    if method:
        seen = settings.model.model_dump(mode="json", include={"view", "domains"})
        decisive |= {"method": method.model_dump(mode="json"), "seeds": seeds_of(settings, method), **seen}
    return hashlib.sha256(
        json.dumps([code_hash(Path(mtl_models.__file__).parent), tables, decisive], sort_keys=True).encode()
    ).hexdigest()[:16]


def plan(
    name: str, settings: StudySettings, resamples: list[str], *, twins: bool, method: Component | None = None
) -> list[list[Job]]:
    """Jobs in groups that make one row a person each: the model, and if asked for its single-task twins."""
    tasks = settings.task_records
    main = [task for task in tasks if task.role == "main"]
    groups = []
    for resample in resamples:
        for seed in seeds_of(settings, method):
            job = Job(model=name, resample=resample, seed=seed, tasks=tasks, settings=settings, method=method)
            groups.append([job])
            if twins:
                groups.append([replace(job, model=f"{name} (single-task)", tasks=(task,)) for task in main])
    return groups


def reference_view(settings: StudySettings) -> StudySettings | None:
    """The study in the view of the comparison's base, for baselines to be fitted in; ``None`` where it has that view.

    What the runs are measured against sees what the runs see: the study's own baselines would see more.
    """
    view = settings.compare.base.model.get("view", settings.model.view)
    if view == settings.model.view:
        return None
    return settings.model_copy(update={"model": settings.model.model_copy(update={"view": view})})


def plan_references(settings: StudySettings, resamples: list[str]) -> list[list[Job]]:
    """The study's baselines on each resample, one group a model and seed."""
    main = [task for task in settings.task_records if task.role == "main"]
    return [
        [Job(model=name, resample=resample, seed=seed, tasks=(task,), settings=settings) for task in main]
        for name in settings.baselines.models
        if name in BASELINES
        for resample in resamples
        for seed in baseline_seeds(settings, name)
    ]


def _join(frames: list[pl.DataFrame]) -> pl.DataFrame:
    table = frames[0]
    for frame in frames[1:]:
        table = table.join(frame, on=KEYS, how="left", maintain_order="left", validate="1:1")
    return table


def train_missing(stage: Stage, folder: Path, resamples: list[str]) -> dict[str, Path]:
    """Train the runs that are not in ``folder`` yet, each written as soon as it is done; all runs' files by name."""
    paths, settings = stage.paths, stage.settings
    dataset, spec, splits = read_dataset(paths.features, (*settings.task_records, *settings.further_tasks))
    files, planned = {}, []
    for name, change in settings.compare.runs.items():
        own, method = settings_of(settings, name), method_of(settings, name)
        key = run_key(own, paths.features, method)
        files[name] = folder / f"{slug(name)}-{key}{'-twins' if change.twins else ''}.parquet"
        if not files[name].exists():
            if method:
                JOINT[method.name].require()
            planned.append((name, plan(name, own, resamples, twins=change.twins, method=method)))
    jobs = [job for _, groups in planned for group in groups for job in group]
    frames: Iterator[pl.DataFrame] = iter(())
    if jobs:
        frames = fit_jobs(jobs, dataset, spec, splits, settings, title=f"{len(planned)} runs")
    for name, groups in planned:
        tables = [_join([next(frames) for _ in group]) for group in groups]
        columns = [column for column in tables[0].columns if all(column in table.columns for table in tables)]
        replace_file(files[name], pl.concat([table.select(columns) for table in tables]).write_parquet)
    for stale in set(folder.glob("*.parquet")) - set(files.values()):
        stale.unlink()
    return files


def reference_predictions(stage: Stage, folder: Path, resamples: list[str]) -> pl.DataFrame:
    """Predictions of the study's baselines in the view of the comparison's base, fitted if that is not the study's."""
    paths, settings = stage.paths, stage.settings
    own = pl.read_parquet(paths.models / "baselines.parquet").filter(pl.col("model") != TWIN)
    if (seen := reference_view(settings)) is None:
        return own
    file = folder / f"{run_key(seen, paths.features)}.parquet"
    if not file.exists():
        dataset, spec, splits = read_dataset(paths.features, settings.task_records)
        groups = plan_references(seen, resamples)
        jobs = [job for group in groups for job in group]
        frames = fit_jobs(jobs, dataset, spec, splits, seen, title="baselines")
        replace_file(file, pl.concat([_join([next(frames) for _ in group]) for group in groups]).write_parquet)
    for stale in set(folder.glob("*.parquet")) - {file}:
        stale.unlink()
    return pl.read_parquet(file).select(own.columns)


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's features; the baselines' predictions stand beside the runs'."""
    paths, settings = stage.paths, stage.settings
    splits = pl.read_parquet(paths.features / "splits.parquet")
    resamples = [column for column in splits.columns if column not in (PERSON, FINAL)]
    files = train_missing(stage, paths.models / "compare", resamples)
    baselines = reference_predictions(stage, paths.models / "compare" / "references", resamples)
    frames = [pl.read_parquet(path) for path in files.values()]
    # a run of some tasks has no columns for the others
    known = [frame.select(column for column in baselines.columns if column in frame.columns) for frame in frames]
    predictions = pl.concat([*known, baselines], how="diagonal")
    targets = pl.read_parquet(paths.features / "targets.parquet")
    methods = {name: method_of(settings, name) for name in settings.compare.runs}
    unseeded = [name for name, method in methods.items() if method and not JOINT[method.name].seeded]
    view = (reference_view(settings) or settings).model.view
    board = leaderboard(predictions, targets, splits, settings.task_records, settings.evaluation, view, unseeded)
    write_json(paths.reports / "compare.json", board)
    write_text(paths.reports / "compare.html", comparison_page(settings.title, board))
    return board


if __name__ == "__main__":
    run_stage(run, depth="parts")
