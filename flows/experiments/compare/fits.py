"""Candidates of a comparison fitted once: a finished one is kept under a key of all that decides it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl

from flows.fitting.jobs import KEYS, Job, StudyData
from flows.fitting.joint import fit_joint
from flows.fitting.machines import run_jobs
from flows.fitting.names import MODEL, ModelName
from flows.fitting.networks import network_rows
from flows.fitting.single import fit_baseline
from flows.fitting.single import seeds_of as baseline_seeds
from flows.project.hashing import digest, sha256
from flows.project.identity import code_digest, decisive
from flows.project.paths import replace_file
from flows.project.settings import StudySettings
from flows.study.candidates import method_of, settings_of
from flows.study.study import Study
from mtl_models.baselines import BASELINES
from mtl_models.joint import JOINT
from mtl_models.settings import Component
from mtl_models.wording import slug

TABLES = ("features.parquet", "features.json", "targets.parquet", "splits.parquet")


def seeds_of(settings: StudySettings, method: Component | None) -> tuple[int, ...]:
    """The seeds that a candidate is fitted from: the first alone where another would give the same model."""
    seeds = settings.training.seeds
    return seeds if method is None or JOINT[method.name].seeded else seeds[:1]


def candidate_key(settings: StudySettings, features: Path, method: Component | None = None) -> str:
    """Hash of all that decides a candidate's predictions, code too; what has the same key is not trained again."""
    tables = [sha256(features / name) for name in TABLES]
    fitting = "flows.fitting.joint" if method else "flows.fitting.networks"
    settled: dict[str, object] = decisive(settings, "joint" if method else "train")
    if method:
        settled |= {"method": method.model_dump(mode="json"), "seeds": seeds_of(settings, method)}
    return digest(code_digest(fitting), sha256(Path(__file__)), tables, settled)[:16]


def reference_key(settings: StudySettings, features: Path) -> str:
    """The same of the baselines that a comparison fits."""
    tables = [sha256(features / name) for name in TABLES]
    settled = decisive(settings, "references")
    return digest(code_digest("flows.fitting.single"), sha256(Path(__file__)), tables, settled)[:16]


def plan(
    name: str, settings: StudySettings, resamples: list[str], *, twins: bool, method: Component | None = None
) -> list[list[Job]]:
    """Jobs in groups that make one row a person each: the model, and if asked for its single-task twins."""
    tasks, model = settings.task_records, ModelName(name)
    main = [task for task in tasks if task.role == "main"]
    groups = []
    for resample in resamples:
        for seed in seeds_of(settings, method):
            job = Job(model=model, resample=resample, seed=seed, tasks=tasks, settings=settings, method=method)
            groups.append([job])
            if twins:
                groups.append([replace(job, model=model.twin, tasks=(task,)) for task in main])
    return groups


def reference_view(settings: StudySettings) -> StudySettings | None:
    """The study in the view of the comparison's base, for baselines to be fitted in; ``None`` where it has that view.

    What the candidates are measured against sees what they see: the study's own baselines would see more.
    """
    view = settings.compare.base.model.get("view", settings.model.view)
    if view == settings.model.view:
        return None
    return settings.model_copy(update={"model": settings.model.model_copy(update={"view": view})})


def plan_references(settings: StudySettings, resamples: list[str]) -> list[list[Job]]:
    """The study's baselines on each resample, one group a model and seed."""
    main = [task for task in settings.task_records if task.role == "main"]
    return [
        [Job(model=model, resample=resample, seed=seed, tasks=(task,), settings=settings) for task in main]
        for model in map(ModelName, settings.baselines.models)
        if model.name in BASELINES
        for resample in resamples
        for seed in baseline_seeds(settings, model)
    ]


def fit_candidate(job: Job, study: StudyData) -> pl.DataFrame:
    """Predictions of one job of a comparison: a joint model, a baseline or a network."""
    if job.method:
        return fit_joint(job, job.method, study)
    if job.model.name in BASELINES:
        return fit_baseline(job, study)
    return network_rows(job, study)


def _join(frames: list[pl.DataFrame]) -> pl.DataFrame:
    table = frames[0]
    for frame in frames[1:]:
        table = table.join(frame, on=KEYS, how="left", maintain_order="left", validate="1:1")
    return table


def train_missing(study: Study, folder: Path, resamples: list[str]) -> dict[str, Path]:
    """Train the candidates that are not in ``folder`` yet, each written as soon as it is done; all files by name."""
    paths, settings = study.paths, study.settings
    files, planned = {}, []
    for name, change in settings.compare.candidates.items():
        own, method = settings_of(settings, name), method_of(settings, name)
        key = candidate_key(own, paths.features, method)
        files[name] = folder / f"{slug(name)}-{key}{'-twins' if change.twins else ''}.parquet"
        if not files[name].exists():
            if method:
                JOINT[method.name].require()
            planned.append((name, plan(name, own, resamples, twins=change.twins, method=method)))
    jobs = [job for _, groups in planned for group in groups for job in group]
    data = StudyData.read(paths.features, settings, settings.further_tasks)
    frames = run_jobs(fit_candidate, jobs, data, title=f"{len(planned)} candidates", machines=study.machines)
    for name, groups in planned:
        tables = [_join([next(frames) for _ in group]) for group in groups]
        columns = [column for column in tables[0].columns if all(column in table.columns for table in tables)]
        replace_file(files[name], pl.concat([table.select(columns) for table in tables]).write_parquet)
    for stale in set(folder.glob("*.parquet")) - set(files.values()):
        stale.unlink()
    return files


def reference_predictions(study: Study, folder: Path, resamples: list[str]) -> pl.DataFrame:
    """Predictions of the study's baselines in the view of the comparison's base, fitted if that is not the study's."""
    paths, settings = study.paths, study.settings
    own = pl.read_parquet(paths.models / "baselines.parquet").filter(pl.col("model") != MODEL.twin.text)
    if (seen := reference_view(settings)) is None:
        return own
    file = folder / f"{reference_key(seen, paths.features)}.parquet"
    if not file.exists():
        groups = plan_references(seen, resamples)
        jobs = [job for group in groups for job in group]
        data = StudyData.read(paths.features, seen)
        frames = run_jobs(fit_candidate, jobs, data, title="baselines", machines=study.machines)
        replace_file(file, pl.concat([_join([next(frames) for _ in group]) for group in groups]).write_parquet)
    for stale in set(folder.glob("*.parquet")) - {file}:
        stale.unlink()
    return pl.read_parquet(file).select(own.columns)
