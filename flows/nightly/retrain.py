"""The flow ``retrain``: DVC reproduces the study, the gate decides, the ledger remembers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import polars as pl
from prefect import flow, get_run_logger, runtime, task
from prefect.cache_policies import NO_CACHE

from flows.check.study import check_study
from flows.nightly import promotion
from flows.nightly.alerts.hooks import TELLING
from flows.nightly.artifacts import show
from flows.nightly.landing.export import export_landed
from flows.nightly.ledger import ledger_row
from flows.nightly.lineage import told
from flows.nightly.person_keys import person_keys
from flows.nightly.plain_log import plain_log
from flows.nightly.rejects import reject_rows
from flows.nightly.reproduce import reproduce
from flows.nightly.retrained import TRAINING, inputs, last_promotion, retrained_already, run_id
from flows.nightly.retries import trying
from flows.nightly.run_name import of_night
from flows.nightly.training_data import require_sound, training_judgement
from flows.nightly.update.run import due, update
from flows.nightly.update.words import summary_of
from flows.project.access import apply
from flows.project.dates import check_date, date_of_run
from flows.project.errors import sentence_of, value_free
from flows.project.hashing import sha256
from flows.project.paths import REJECTS, SUMMARY, project_root, read_json
from flows.stages.validate import Judgement
from flows.stores.valid import read_valid
from flows.study.study import Study


@dataclass(frozen=True)
class Judged:
    """What was said of a training before it is recorded.

    Attributes:
        training: what its data lose.
        before: the last promotion before it.
        result: the gate's word.
        warnings: the check's.
        landed: as of which date, and what had landed by then.
    """

    training: Judgement
    before: tuple[str, ...]
    result: promotion.Promotion
    warnings: list[str]
    landed: dict[str, Any]

    @property
    def stands(self) -> bool:
        """Whether the same would be said again; losses beyond a limit are compared with the champion's, so may not."""
        return self.result.stands and not self.training.found


@task(name="check study", cache_policy=NO_CACHE)
@value_free
def check_before(study: Study) -> list[str]:
    """Look at the study in seconds, so that what is wrong is not found minutes later and one by one; its warnings."""
    report = check_study(study)
    warnings = {f"warning {number}": sentence for number, sentence in enumerate(report.warnings, start=1)}
    show(study, "check", {"faults": len(report.faults), **warnings})
    report.require()
    return report.warnings


@task(name="reproduce with DVC", cache_policy=NO_CACHE)
@value_free
def reproduce_study(study: Study) -> None:
    """Bring validation, features, model, evaluation and export up to date, and show each stage's summary."""
    paths = study.paths
    reproduce(study.root, study.name, timeout=study.settings.night.retrain_timeout_s)
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
def judge_training(study: Study, *, outcomes_wait: bool) -> Judgement:
    """Compare what the training data lose with what the champion's lost; stop before a model is registered."""
    judgement = training_judgement(study, outcomes_wait=outcomes_wait)
    show(study, "judge-training", judgement.shown())
    require_sound(study, judgement)
    return judgement


@task(name="register and promote", cache_policy=NO_CACHE)
@value_free
def register_and_promote(study: Study) -> promotion.Promotion:
    """Put the exported model into the registry and let the gate decide."""
    result = promotion.promote(study, promotion.register(study))
    show(study, "promote", result.shown())
    return result


@task(name="record run", cache_policy=NO_CACHE)
@value_free
def record(study: Study, judged: Judged, started_at: datetime) -> dict[str, Any]:
    """Publish the training data's rejects and the run's row in the ledger."""
    paths, lock, result = study.paths, study.root / "dvc.lock", judged.result
    run = run_id(inputs(study, result.version), judged.before)
    people = study.features.people(read_valid(study.name, paths.valid))
    excluded = people.filter(pl.col("reason").is_not_null())
    rejects = reject_rows(study, pl.read_parquet(paths.valid / REJECTS), TRAINING, run, excluded)
    rejects = person_keys(study).named(rejects)
    version = study.tables.rejects.publish(TRAINING, rejects)
    row = ledger_row(
        study,
        read_json(paths.valid / SUMMARY),
        started_at=started_at,
        n_excluded=excluded.height,
        data_hashes={"dvc.lock": sha256(lock)},
        details={
            "reason": result.reason,
            "warnings": judged.warnings,
            "n_rejects": rejects.height,
            "landed": judged.landed,
            "stands": judged.stands,
            "checks": result.checks(),
            "dvc_lock": lock.read_text(),
        },
        run_id=run,
        flow="retrain",
        batch=TRAINING,
        model_version=result.version,
        n_scored=None,
        promoted=result.promoted,
        floods=judged.training.text,
        rejects_version=version,
    )
    study.tables.runs.publish(row)
    return row


@task(name="update the champion", cache_policy=NO_CACHE)
@value_free
def update_champion(study: Study, date: str) -> None:
    """Correct the champion where recent outcomes ask for it, if the study wants that; a fault stops no training."""
    if not study.settings.update.nightly:
        return
    try:
        if due(study, date):
            show(study, "update", summary_of(update(study, date)))
    except Exception as error:
        said = sentence_of(error)
        get_run_logger().warning(f"the champion was not updated: {said}; `mtl-health update` tries again")


@task(name="take what landed", cache_policy=NO_CACHE)
@value_free
def take_landed(study: Study, date: str) -> dict[str, Any]:
    """Give DVC what landed by the end of a date; only what changed is written."""
    landed = export_landed(study, date)
    show(study, "landed", landed)
    return landed


def scheduled_date(study: Study) -> str:
    """The date of the scheduled start, in the schedule's time zone."""
    due = runtime.flow_run.scheduled_start_time or datetime.now(UTC)
    return date_of_run(due, study.settings.schedule.retrain, study.settings.schedule.timezone)


@flow(name="retrain", flow_run_name=of_night, **TELLING)
@value_free
@told("retrain")
def retrain(study: str, warnings: list[str] | None = None, date: str | None = None) -> dict[str, Any]:
    """Reproduce a study's model and promote it if the gate lets it; with nothing new it changes nothing.

    It is trained on the raw tables and on all that landed by the end of a date. If the study's settings say so
    (``update.nightly``), the champion that then stands is corrected where recent outcomes ask for it.

    Args:
        study: name of a block of params.yaml.
        warnings: those of a check a moment ago, after which there was something to do; left out, both are looked at.
        date: ISO date; the day of the scheduled start when left out.
    """
    started_at = datetime.now(UTC)
    plain_log()
    root = project_root()
    apply(root)  # a worker of a pool comes here without the command line
    one = Study(root, study, "parts")
    date = scheduled_date(one) if date is None else check_date(date)
    landed = take_landed(one, date)
    if warnings is None:
        if row := retrained_already(one, date):
            update_champion(one, date)
            return row
        warnings = check_before(one)
    person_keys(one)  # what is wrong with the settings, or missing, is said before DVC starts
    reproduce_study(one)
    training = judge_training(one, outcomes_wait=bool(landed["newcomers"]))
    before = last_promotion(one.registry.promotions())
    result = register_and_promote(one)
    row = trying(record, one.settings.night)(one, Judged(training, before, result, warnings, landed), started_at)
    update_champion(one, date)
    return {**row, "reason": result.reason, "unchanged": False}
