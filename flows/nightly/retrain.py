"""The flow ``retrain``: DVC reproduces the study, the gate decides, the ledger remembers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.check.study import check_study
from flows.features.lookup import study_features
from flows.nightly import promotion
from flows.nightly.artifacts import show
from flows.nightly.reproduce import reproduce
from flows.nightly.steps import registry_of, reject_rows, row_counts
from flows.project.access import apply
from flows.project.errors import value_free
from flows.project.hashing import digest, sha256
from flows.project.paths import REJECTS, SUMMARY, StudyPaths, project_root, read_json
from flows.project.provenance import git_revision
from flows.project.settings import StudySettings
from flows.stages.validate import Judgement, judge
from flows.stores.tables import RejectTable, RunLedger
from flows.stores.valid import read_valid
from flows.study.load import load_settings
from schemas.contract import load_contract

TIMEOUT = 4 * 3600.0
TRAINING = "training"


@task(name="check study", cache_policy=NO_CACHE)
@value_free
def check_before(paths: StudyPaths) -> None:
    """Look at the study in seconds, so that what is wrong is not found minutes later and one by one."""
    report = check_study(paths.root, paths.study)
    warnings = {f"warning {number}": sentence for number, sentence in enumerate(report.warnings, start=1)}
    show(paths.study, "check", {"faults": len(report.faults), **warnings})
    report.require()


@task(name="reproduce with DVC", cache_policy=NO_CACHE)
@value_free
def reproduce_study(paths: StudyPaths) -> None:
    """Bring validation, features, model, evaluation and export up to date, and show each stage's summary."""
    reproduce(paths.root, paths.study, timeout=TIMEOUT)
    training = read_json(paths.models / "training.json")
    summaries = {
        "validate": read_json(paths.valid / SUMMARY),
        "features": read_json(paths.features / "summary.json"),
        "train": {name: value for name, value in training.items() if name != "history"},
        "evaluate": read_json(paths.reports / "metrics.json"),
        "export": read_json(paths.models / "export.json"),
    }
    for stage, summary in summaries.items():
        show(paths.study, stage, summary)


@task(name="judge training data", cache_policy=NO_CACHE)
@value_free
def judge_training(paths: StudyPaths, settings: StudySettings) -> Judgement:
    """Compare what the training data lose with what the champion's lost; stop before a model is registered."""
    summary = read_json(paths.valid / SUMMARY)
    reference = registry_of(paths).champion_profile()
    alone = judge(paths.study, summary, settings.validation)
    beside = judge(paths.study, summary, settings.validation, reference=reference)
    found = {(excess.where, excess.key): excess for excess in (*alone.found, *beside.found)}
    judgement = replace(beside, found=tuple(found.values()))
    show(paths.study, "judge-training", judgement.shown())
    judgement.require(f"rejects with rows and reasons are in {(paths.valid / REJECTS).relative_to(paths.root)}")
    return judgement


@task(name="register and promote", cache_policy=NO_CACHE)
@value_free
def register_and_promote(paths: StudyPaths, settings: StudySettings) -> promotion.Promotion:
    """Put the exported model into the registry and let the gate decide."""
    result = promotion.promote(paths, settings, promotion.register(paths, settings))
    show(paths.study, "promote", result.to_dict())
    return result


@task(name="record run", cache_policy=NO_CACHE)
@value_free
def record(
    paths: StudyPaths,
    settings: StudySettings,
    result: promotion.Promotion,
    judgement: Judgement,
    started_at: datetime,
) -> dict[str, Any]:
    """Publish the training data's rejects and the run's row in the ledger."""
    lock = paths.root / "dvc.lock"
    identity = [paths.study, result.version, settings.params_hash, sha256(lock), started_at.isoformat()]
    run_id = digest(*identity)[:16]
    validation = read_json(paths.valid / SUMMARY)
    people = study_features(paths.study).people(read_valid(paths.study, paths.valid))
    excluded = people.filter(pl.col("reason").is_not_null())
    rejects = pl.read_parquet(paths.valid / REJECTS)
    RejectTable(paths.tables).publish(TRAINING, reject_rows(rejects, excluded, TRAINING, run_id, paths.study))
    people_table = validation["tables"][load_contract(paths.study).person_table]
    finished_at = datetime.now(UTC)
    row = {
        "run_id": run_id,
        "flow": "retrain",
        "study": paths.study,
        "batch": TRAINING,
        "model_version": result.version,
        "data_hashes": json.dumps({"dvc.lock": sha256(lock)}),
        "git_revision": git_revision(paths.root),
        "params_hash": settings.params_hash,
        "n_people": people_table["n_rows"],
        "n_scored": None,
        "n_rejected": people_table["n_rejected"],
        "n_excluded": excluded.height,
        **row_counts(validation),
        "promoted": result.promoted,
        "started_at": started_at,
        "finished_at": finished_at,
        "seconds": (finished_at - started_at).total_seconds(),
        "details": json.dumps({"reason": result.reason, "dvc_lock": lock.read_text()}),
        "floods": judgement.text,
    }
    RunLedger(paths.tables).publish(row)
    return row


@flow(name="retrain")
@value_free
def retrain(study: str, checked: bool = False) -> dict[str, Any]:
    """Reproduce a study's model and promote it if the gate lets it.

    Args:
        study: name of a block of params.yaml.
        checked: the study was checked a moment ago.
    """
    started_at = datetime.now(UTC)
    root = project_root()
    apply(root)  # a worker of a pool comes here without the command line
    paths = StudyPaths(root, study)
    if not checked:
        check_before(paths)
    settings = load_settings(root, study, depth="parts")
    reproduce_study(paths)
    judgement = judge_training(paths, settings)
    result = register_and_promote(paths, settings)
    return {**record(paths, settings, result, judgement, started_at), "reason": result.reason}
