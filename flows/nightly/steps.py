"""One night's scoring in four steps that pass paths and counts: validate, features, predict, publish."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from flows.features.view import hidden_patterns
from flows.nightly.score_contract import scores_contract
from flows.project.hashing import digest
from flows.project.identity import code_digest, decisive
from flows.project.paths import REJECTS, SUMMARY, StudyPaths, read_json, replace_file, write_json
from flows.project.provenance import git_revision
from flows.project.settings import StudySettings
from flows.stages.features import cohort_features
from flows.stages.validate import Judgement, judge, validate
from flows.stores.inbox import Inbox, drop_hashes
from flows.stores.registry import Champion, ModelRegistry
from flows.stores.tables import RejectTable, RunLedger, ScoreTable
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import load_tasks
from mtl_models.serving.scorer import Scorer
from schemas.contract import load_contract
from schemas.published import check_published

SCORES = "scores.parquet"
EXCLUDED = "excluded.parquet"


def registry_of(paths: StudyPaths) -> ModelRegistry:
    """The study's model registry."""
    return ModelRegistry(paths.registry, paths.tables / "champions")


@dataclass(frozen=True)
class ScoringRun:
    """What one run works on, fixed before it starts.

    Attributes:
        run_id: hash of the date and of all that decides the scores: drop, model, the params and the code that are
            used. The same inputs give the same run.
        staging: scratch folder, held by ``flows.stores.staging`` while the run works.
    """

    paths: StudyPaths
    settings: StudySettings
    date: str
    drop: Path
    data_hashes: dict[str, str]
    champion: Champion
    git_revision: str
    run_id: str
    started_at: datetime

    @property
    def staging(self) -> Path:
        """Scratch folder of the date."""
        return self.paths.root / "data" / "staging" / self.paths.study / self.date


def open_run(paths: StudyPaths, settings: StudySettings, date: str) -> ScoringRun:
    """Find the drop and the champion of a date.

    Raises:
        FileNotFoundError: if nothing was dropped for the date.
        ValueError: if the date is none, or no model was promoted.
    """
    drop = Inbox(paths.inbox).drop(date)
    champion = registry_of(paths).champion()
    if champion is None:
        raise ValueError(
            f"no champion yet: run `mtl-health retrain --study {paths.study}` first, and see what the gate says"
        )
    hashes, revision = drop_hashes(drop, load_contract(paths.study)), git_revision(paths.root)
    code = code_digest(__name__, study=paths.study)
    run_id = digest(paths.study, date, champion.version, decisive(settings, "score"), code, hashes)[:16]
    return ScoringRun(paths, settings, date, drop, hashes, champion, revision, run_id, datetime.now(UTC))


def finished(run: ScoringRun) -> dict[str, Any] | None:
    """The ledger's row if this very run is what the score table holds now, else None."""
    row = RunLedger(run.paths.tables).find(run.run_id)
    table = ScoreTable(run.paths.tables)
    if row is None or not table.exists():
        return None
    held = table.read(run.date)
    return row if held.height == row["n_scored"] and (held["run_id"] == run.run_id).all() else None


def validate_drop(run: ScoringRun) -> dict[str, Any]:
    """Split the drop by the contract; outcomes and the contract's optional tables may be missing from it."""
    shutil.rmtree(run.staging, ignore_errors=True)
    hidden = hidden_patterns(run.settings.task_records, run.settings.known_later)
    beside = run.settings.split.beside_tables
    return validate(run.paths.study, run.drop, run.staging / "valid", labels=hidden, scoring=True, beside=beside)


def judge_drop(run: ScoringRun) -> Judgement:
    """Hold the drop's losses against the limits, compared with the data that the champion was trained on."""
    hidden = hidden_patterns(run.settings.task_records, run.settings.known_later)
    reference = registry_of(run.paths).profile(run.champion.version)
    summary = read_json(run.staging / "valid" / SUMMARY)
    return judge(run.paths.study, summary, run.settings.validation, reference=reference, labels=hidden, scoring=True)


def build_drop_features(run: ScoringRun) -> dict[str, Any]:
    """Features of the people in the cohort, by the code that training uses."""
    settings = run.settings
    cohort = cohort_features(run.paths.study, run.staging / "valid", settings.task_records, settings.known_later)
    features, excluded = cohort.features, cohort.excluded
    replace_file(run.staging / "features.parquet", features.write_parquet)
    replace_file(run.staging / EXCLUDED, excluded.write_parquet)
    return {"n_cohort": features.height, "n_excluded": excluded.height, "n_features": features.width - 1}


def predict_drop(run: ScoringRun) -> dict[str, Any]:
    """Score the features with the champion, in the order of the published columns."""
    scorer = Scorer(run.champion.path, sha256=run.champion.version)
    scores = scorer.score(pl.read_parquet(run.staging / "features.parquet"))
    scores = scores.select(
        PERSON,
        pl.lit(run.date).alias("score_date"),
        *(column for column in scores.columns if column != PERSON),
        pl.lit(run.champion.version).alias("model_version"),
        pl.lit(run.run_id).alias("run_id"),
        pl.lit(run.started_at).cast(pl.Datetime("us", "UTC")).alias("scored_at"),
    )
    replace_file(run.staging / SCORES, scores.write_parquet)
    write_json(run.staging / "tasks.json", {"tasks": [task.to_dict() for task in scorer.tasks]})
    return {"n_scored": scores.height, "n_columns": scores.width}


def publish(run: ScoringRun) -> dict[str, Any]:
    """Check that everybody is accounted for, then replace the date in rejects, scores and ledger, in this order.

    The ledger comes last: a run that has no row there did not finish and is done again.

    Raises:
        RuntimeError: if people do not add up; nothing is published then.
        PublishError: if the scores break their contract; nothing is published then.
    """
    validation = read_json(run.staging / "valid" / SUMMARY)
    people_table = validation["tables"][load_contract(run.paths.study).person_table]
    scores = pl.read_parquet(run.staging / SCORES)
    rejects = published_rejects(run)
    counts = {
        "n_people": people_table["n_rows"],
        "n_scored": scores.height,
        "n_rejected": people_table["n_rejected"],
        "n_excluded": rejects.filter(pl.col("outcome") == "excluded").height,
        **row_counts(validation),
    }
    if counts["n_people"] != counts["n_scored"] + counts["n_rejected"] + counts["n_excluded"]:
        raise RuntimeError(f"people do not add up, nothing was published: {counts}")
    judgement = judge_drop(run)
    contract = published_scores(run)
    check_published(scores, contract)  # before the rejects are replaced, not only before the scores are
    RejectTable(run.paths.tables).publish(run.date, rejects)
    ScoreTable(run.paths.tables).publish(run.date, scores, contract)
    finished_at = datetime.now(UTC)
    row = {
        "run_id": run.run_id,
        "flow": "score",
        "study": run.paths.study,
        "batch": run.date,
        "model_version": run.champion.version,
        "data_hashes": json.dumps(run.data_hashes, sort_keys=True),
        "git_revision": run.git_revision,
        "params_hash": run.settings.params_hash,
        **counts,
        "promoted": None,
        "started_at": run.started_at,
        "finished_at": finished_at,
        "seconds": (finished_at - run.started_at).total_seconds(),
        "details": json.dumps({"columns_compared_with": judgement.basis, "validation": validation}, sort_keys=True),
        "floods": judgement.text,
    }
    RunLedger(run.paths.tables).publish(row)
    return row


def row_counts(validation: dict[str, Any]) -> dict[str, int]:
    """Rows of all tables of a validation summary: in, valid, rejected."""
    tables = validation["tables"].values()
    return {
        "n_rows": sum(table["n_rows"] for table in tables),
        "n_rows_valid": sum(table["n_valid"] for table in tables),
        "n_rows_rejected": sum(table["n_rejected"] for table in tables),
    }


def absent_tables(row: dict[str, Any]) -> list[str]:
    """The tables that had not arrived when a row of the ledger was written."""
    absent: list[str] = json.loads(row["details"] or "{}").get("validation", {}).get("absent", [])
    return absent


def published_rejects(run: ScoringRun) -> pl.DataFrame:
    """Rejected rows and excluded people as the rejects table wants them."""
    rejects = pl.read_parquet(run.staging / "valid" / REJECTS)
    return reject_rows(rejects, pl.read_parquet(run.staging / EXCLUDED), run.date, run.run_id, run.paths.study)


def reject_rows(rejects: pl.DataFrame, excluded: pl.DataFrame, batch: str, run_id: str, study: str) -> pl.DataFrame:
    """Rejects of a validation and people outside the cohort, in the published form.

    Of an excluded person only the identifier and the reason are kept: the row itself was fit to go on.
    """
    contract = load_contract(study)
    reason = pl.struct(pl.lit(contract.person_key).alias("column"), pl.col("reason").alias("rule"))
    people = excluded.select(
        pl.lit(contract.person_table).alias("table"),
        pl.lit(None).cast(pl.String).alias("file"),
        pl.lit(None).cast(pl.Int64).alias("line"),
        PERSON,
        pl.lit(None).cast(pl.String).alias("row"),
        pl.concat_list(reason).alias("reasons"),
        pl.lit("excluded").alias("outcome"),
    )
    return pl.concat([rejects.with_columns(pl.lit("rejected").alias("outcome")), people]).select(
        *rejects.columns, pl.lit(batch).alias("batch"), pl.lit(run_id).alias("run_id"), "outcome"
    )


def published_scores(run: ScoringRun) -> Any:
    """The contract of the score table, derived from the tasks that the model file names."""
    return scores_contract(load_tasks(read_json(run.staging / "tasks.json")["tasks"]))
