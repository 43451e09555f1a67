"""Stage: choose groups of tasks that share a trunk, from affinity on validation people and by training each choice."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.experiments.compare.fits import train_missing
from flows.experiments.groups.choice import PLAIN, Groups, base_model, block, judge, plain_trunk, propose, trial
from flows.experiments.groups.page import groups_page
from flows.fitting.jobs import Job, StudyData
from flows.fitting.machines import run_jobs
from flows.fitting.names import FINAL, ModelName
from flows.fitting.networks import fit_network
from flows.project.paths import write_json, write_text
from flows.stages.command import run_stage
from flows.study.candidates import settings_of
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.training.affinity import Matrix, mean_matrix


def measure(study: Study, resamples: list[str]) -> list[dict[str, Matrix]]:
    """Gradient conflict and lookahead affinity of each fit of the plain trunk.

    A step on a training batch is judged by the losses of the validation people.
    """
    settings = settings_of(study.settings.model_copy(update={"compare": trial(study.settings, {})}), PLAIN)
    training = settings.training.model_copy(update={"measure_affinity": "valid"})
    settings = settings.model_copy(update={"training": training})
    tasks = settings.task_records
    jobs = [
        Job(model=ModelName(PLAIN), resample=resample, seed=seed, tasks=tasks)
        for resample in resamples
        for seed in settings.training.seeds
    ]
    data = StudyData.read(study.paths.features, settings)
    return list(run_jobs(_affinity, jobs, data, title="affinity", machines=study.machines))


def _affinity(job: Job, study: StudyData) -> dict[str, Matrix]:
    """The means over the epochs up to the kept one."""
    fitted, _ = fit_network(job, study)
    epochs = fitted.affinity[: fitted.epoch]
    return {
        "cosine": mean_matrix([epoch.cosine for epoch in epochs]),
        "lookahead": mean_matrix([epoch.lookahead for epoch in epochs]),
    }


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's features."""
    paths, settings = study.paths, study.settings
    tasks = settings.task_records
    if sum(task.role == "main" for task in tasks) < 2:
        raise ValueError("groups need two main tasks at least")
    splits = pl.read_parquet(paths.features / "splits.parquet")
    resamples = [column for column in splits.columns if column not in (PERSON, FINAL)]
    measured = measure(study, resamples)
    affinity = {kind: mean_matrix([each[kind] for each in measured]) for kind in ("cosine", "lookahead")}
    proposals = propose(affinity["lookahead"], tasks)
    alone = [propose(each["lookahead"], tasks) for each in measured]
    trials = study.with_settings(settings.model_copy(update={"compare": trial(settings, proposals)}))
    files = train_missing(trials, paths.models / "groups", resamples)
    tables = [pl.read_parquet(path) for path in files.values()]
    predictions = pl.concat([table.select(tables[0].columns) for table in tables])
    targets = pl.read_parquet(paths.features / "targets.parquet")
    verdict = judge(predictions, targets, splits, tasks, settings.evaluation)
    groups: dict[str, Groups] = {PLAIN: (tuple(task.name for task in tasks),), **proposals}
    record = {
        **verdict,
        "groups": {name: [list(group) for group in each] for name, each in groups.items()},
        "n_fits": len(measured),
        "fits_that_agree": {name: sum(found in each.values() for each in alone) for name, found in proposals.items()},
        "affinity": affinity,
        "trunk": plain_trunk(settings),
        "where": base_model(settings),
        "block": block(settings, groups[verdict["winner"]]),
    }
    write_json(paths.reports / "groups.json", record)
    write_text(paths.reports / "groups.html", groups_page(settings.title, record, tasks))
    return record


if __name__ == "__main__":
    run_stage(run, depth="parts")
