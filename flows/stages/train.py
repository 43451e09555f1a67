"""Stage: train the shared model, once for the file that is exported and once a resample and seed for its figures."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.fitting.jobs import Job, StudyData
from flows.fitting.names import FINAL, MODEL, NO_OUTCOMES, WHOLE
from flows.fitting.networks import fit_network, network_rows
from flows.fitting.pool import in_processes
from flows.fitting.streamed import fit_streamed
from flows.project.paths import replace_file, write_json
from flows.stages.command import run_stage
from flows.study.study import Study
from mtl_models.data.dataset import PERSON, Dataset
from mtl_models.data.frames import prediction_rows

if TYPE_CHECKING:
    from mtl_models.network.predictor import Predictor
    from mtl_models.training.fit import Fitted


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's features."""
    from mtl_models.network.checkpoint import save_network

    paths, settings = study.paths, study.settings
    tasks = settings.task_records
    data = StudyData.read(paths.features, settings)
    dataset, spec, splits = data.dataset, data.spec, data.splits
    final = Job(model=MODEL, resample=FINAL, seed=settings.training.seed, tasks=tasks)
    resamples = [name for name in splits.columns if name not in (PERSON, FINAL)]
    planned = [
        Job(model=MODEL, resample=resample, seed=seed, tasks=tasks)
        for resample in resamples
        for seed in settings.training.seeds
    ]
    # with a fixed split the exported network is one of those to be measured: it is not trained twice
    same = {name for name in resamples if splits[name].equals(splits[FINAL].alias(name))}
    jobs = [job for job in planned if not (job.resample in same and job.seed == final.seed)]
    streamed: dict[str, Any] = {}
    if settings.training.stream is not None:
        fitted, final_rows, streamed = fit_streamed(final, data, paths.features, progress=True)
        # each goes through all people, so one after the other
        others = [fit_streamed(job, data, paths.features)[1] for job in jobs]
    else:
        with ThreadPoolExecutor(1) as beside:
            # the thread only waits for processes; the exported network is fitted here meanwhile
            title = "resamples and seeds"
            waiting = beside.submit(lambda: list(in_processes(network_rows, jobs, data, title=title)))
            fitted, final_rows = fit_network(final, data, progress=not jobs)
        others = waiting.result()
    replace_file(paths.models / "network.safetensors", lambda partial: save_network(fitted.network, partial))
    frames = [final_rows.with_columns(pl.lit(name).alias("resample")) for name in sorted(same)]
    replace_file(paths.models / "predictions.parquet", pl.concat([*frames, *others]).write_parquet)
    held_out = "test" if (splits[FINAL] == "test").any() else "valid"
    absent = absent_tables(fitted.network, dataset.select(spec, fitted.network.spec), splits, held_out)
    replace_file(paths.models / "absent_tables.parquet", absent.write_parquet)
    summary = {
        "n_parameters": sum(parameter.numel() for parameter in fitted.network.parameters()),
        "n_features": len(fitted.network.spec.features),
        "epochs": len(fitted.history),
        "best_epoch": fitted.epoch,
        "stop": settings.training.stop,
        "n_fits": 1 + len(jobs),
        **({"stream": streamed} if streamed else {}),
        "own_best": {task: asdict(best) for task, best in fitted.own_bests().items()},
        **({"calibration": _calibration(fitted)} if settings.training.calibrate else {}),
        **_affinity(fitted),
        **_report(fitted, dataset.select(spec, fitted.network.spec), splits),
        "history": fitted.history_records(),
    }
    write_json(paths.models / "training.json", summary)
    return summary


def absent_tables(network: Predictor, dataset: Dataset, splits: pl.DataFrame, part: str) -> pl.DataFrame:
    """Predictions of held-out people with every table, then without each one, then without the outcomes' own tables.

    The same weights score them all; the column ``model`` says which table was missing.
    """
    from mtl_models.network.blanking import source_tables, without_features, without_tables
    from mtl_models.training.prediction import predict

    people = dataset.take((splits[FINAL] == part).to_numpy())
    cases: dict[str, set[str]] = {WHOLE: set()}
    cases |= {f"without {table}": {table} for table in source_tables(network.spec)}
    inputs = {name: without_tables(people.inputs, network.spec, missing) for name, missing in cases.items()}
    if hidden := {feature.name for feature in network.spec.features if feature.hidden_from}:
        inputs[NO_OUTCOMES] = without_features(people.inputs, network.spec, hidden)
    return pl.concat(
        prediction_rows(name, 0, FINAL, {part: (people.person, predict(network, each))}, network.tasks)
        for name, each in inputs.items()
    )


def _report(fitted: Fitted, dataset: Dataset, splits: pl.DataFrame) -> dict[str, Any]:
    """What the network says of how it shares: mean gates, stitches or attention over the validation people."""
    report = fitted.network.report(dataset.take((splits[FINAL] == "valid").to_numpy()).inputs)
    return {"sharing": report} if report else {}


def _calibration(fitted: Fitted) -> dict[str, Any]:
    """How each head was corrected after training; a task that is not named was left as it is."""
    return {task: correction.to_dict() for task, correction in fitted.calibration.items()}


def _affinity(fitted: Fitted) -> dict[str, Any]:
    """Mean gradient conflict and lookahead affinity of the tasks, if measured, and the groups they suggest."""
    if not fitted.affinity:
        return {}
    from mtl_models.training.affinity import group_tasks, mean_matrix

    lookahead = mean_matrix([epoch.lookahead for epoch in fitted.affinity])
    groups = {str(n): group_tasks(lookahead, n) for n in range(2, min(4, len(lookahead)) + 1)}
    cosine = mean_matrix([epoch.cosine for epoch in fitted.affinity])
    return {"affinity": {"cosine": cosine, "lookahead": lookahead, "groups": groups}}


if __name__ == "__main__":
    run_stage(run, depth="parts")
