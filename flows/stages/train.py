"""Stage: train the shared model, once for the file that is exported and once a resample and seed for its figures."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.paths import replace_file, write_json
from flows.stages.command import Stage, run_stage
from flows.stages.fits import FINAL, Job, fit_job, fit_jobs
from mtl_models.data import PERSON, read_dataset

MODEL = "multi_task"


def run(stage: Stage) -> dict[str, Any]:
    """The stage on the study's features."""
    from mtl_models.checkpoint import save_network

    paths, settings = stage.paths, stage.settings
    tasks = settings.task_records
    dataset, spec, splits = read_dataset(paths.features, tasks)
    final = Job(model=MODEL, resample=FINAL, seed=settings.training.seed, tasks=tasks)
    fitted, final_rows = fit_job(final, dataset, spec, splits, settings, progress=True)
    replace_file(paths.models / "network.safetensors", lambda partial: save_network(fitted.network, partial))

    resamples = [name for name in splits.columns if name not in (PERSON, FINAL)]
    planned = [
        Job(model=MODEL, resample=resample, seed=seed, tasks=tasks)
        for resample in resamples
        for seed in settings.training.seeds
    ]
    # with a fixed split the exported network is one of those to be measured: it is not trained twice
    same = {name for name in resamples if splits[name].equals(splits[FINAL].alias(name))}
    jobs = [job for job in planned if not (job.resample in same and job.seed == final.seed)]
    frames = [final_rows.with_columns(pl.lit(name).alias("resample")) for name in sorted(same)]
    frames += fit_jobs(jobs, dataset, spec, splits, settings, title="resamples and seeds") if jobs else []
    replace_file(paths.models / "predictions.parquet", pl.concat(frames).write_parquet)
    summary = {
        "n_parameters": sum(parameter.numel() for parameter in fitted.network.parameters()),
        "n_features": len(spec.features),
        "epochs": len(fitted.history),
        "best_epoch": fitted.epoch,
        "n_fits": 1 + len(jobs),
        "history": fitted.history_records(),
    }
    write_json(paths.models / "training.json", summary)
    return summary


if __name__ == "__main__":
    run_stage(run)
