"""The flow ``retrain``: DVC reproduces the study, the gate decides, the ledger remembers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.check.study import check_study
from flows.nightly import promotion
from flows.nightly.artifacts import show
from flows.nightly.ledger import ledger_row
from flows.nightly.rejects import reject_rows
from flows.nightly.reproduce import reproduce
from flows.project.access import apply
from flows.project.errors import value_free
from flows.project.hashing import digest, sha256
from flows.project.paths import REJECTS, SUMMARY, project_root, read_json
from flows.stages.validate import Judgement, judge
from flows.stores.valid import read_valid
from flows.study.study import Study

TIMEOUT = 4 * 3600.0
TRAINING = "training"


@task(name="check study", cache_policy=NO_CACHE)
@value_free
def check_before(study: Study) -> None:
    """Look at the study in seconds, so that what is wrong is not found minutes later and one by one."""
    report = check_study(study)
    warnings = {f"warning {number}": sentence for number, sentence in enumerate(report.warnings, start=1)}
    show(study, "check", {"faults": len(report.faults), **warnings})
    report.require()


@task(name="reproduce with DVC", cache_policy=NO_CACHE)
@value_free
def reproduce_study(study: Study) -> None:
    """Bring validation, features, model, evaluation and export up to date, and show each stage's summary."""
    paths = study.paths
    reproduce(study.root, study.name, timeout=TIMEOUT)
    training = read_json(paths.models / "training.json")
    summaries = {
        "validate": read_json(paths.valid / SUMMARY),
        "features": read_json(paths.features / "summary.json"),
        "train": {name: value for name, value in training.items() if name != "history"},
        "evaluate": read_json(paths.reports / "metrics.json"),
        "export": read_json(paths.models / "export.json"),
    }
    for stage, summary in summaries.items():
        show(study, stage, summary)


@task(name="judge training data", cache_policy=NO_CACHE)
@value_free
def judge_training(study: Study) -> Judgement:
    """Compare what the training data lose with what the champion's lost; stop before a model is registered."""
    paths = study.paths
    summary = read_json(paths.valid / SUMMARY)
    reference = study.registry.champion_profile()
    alone = judge(study, summary)
    beside = judge(study, summary, reference=reference)
    found = {(excess.where, excess.key): excess for excess in (*alone.found, *beside.found)}
    judgement = replace(beside, found=tuple(found.values()))
    show(study, "judge-training", judgement.shown())
    judgement.require(f"rejects with rows and reasons are in {(paths.valid / REJECTS).relative_to(paths.root)}")
    return judgement


@task(name="register and promote", cache_policy=NO_CACHE)
@value_free
def register_and_promote(study: Study) -> promotion.Promotion:
    """Put the exported model into the registry and let the gate decide."""
    result = promotion.promote(study, promotion.register(study))
    show(study, "promote", result.to_dict())
    return result


@task(name="record run", cache_policy=NO_CACHE)
@value_free
def record(study: Study, result: promotion.Promotion, judgement: Judgement, started_at: datetime) -> dict[str, Any]:
    """Publish the training data's rejects and the run's row in the ledger."""
    paths, lock = study.paths, study.root / "dvc.lock"
    identity = [study.name, result.version, study.settings.params_hash, sha256(lock), started_at.isoformat()]
    run_id = digest(*identity)[:16]
    people = study.features.people(read_valid(study.name, paths.valid))
    excluded = people.filter(pl.col("reason").is_not_null())
    rejects = reject_rows(study, pl.read_parquet(paths.valid / REJECTS), TRAINING, run_id, excluded)
    study.tables.rejects.publish(TRAINING, rejects)
    row = ledger_row(
        study,
        read_json(paths.valid / SUMMARY),
        started_at=started_at,
        n_excluded=excluded.height,
        data_hashes={"dvc.lock": sha256(lock)},
        details={"reason": result.reason, "dvc_lock": lock.read_text()},
        run_id=run_id,
        flow="retrain",
        batch=TRAINING,
        model_version=result.version,
        n_scored=None,
        promoted=result.promoted,
        floods=judgement.text,
    )
    study.tables.runs.publish(row)
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
    one = Study(root, study, "parts")
    if not checked:
        check_before(one)
    _ = one.settings  # what is wrong with them is said before DVC starts
    reproduce_study(one)
    judgement = judge_training(one)
    result = register_and_promote(one)
    return {**record(one, result, judgement, started_at), "reason": result.reason}
