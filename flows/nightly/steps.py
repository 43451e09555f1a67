"""One night's scoring in four steps that pass paths and counts: validate, features, predict, publish."""

from __future__ import annotations

import shutil
from typing import Any

import polars as pl

from flows.nightly.ledger import ledger_row
from flows.nightly.rejects import reject_rows
from flows.nightly.run import Run
from flows.nightly.score_contract import scores_contract
from flows.project.paths import REJECTS, SUMMARY, read_json, replace_file
from flows.stages.features import cohort_features
from flows.stages.validate import Judgement, judge, validate
from mtl_models.data.dataset import PERSON
from schemas.published import Rejects, check_published

SCORES = "scores.parquet"
EXCLUDED = "excluded.parquet"


def validate_drop(run: Run) -> dict[str, Any]:
    """Split the drop by the contract; outcomes and the contract's optional tables may be missing from it."""
    shutil.rmtree(run.staging, ignore_errors=True)
    return validate(run.study, run.drop, run.staging / "valid", scoring=True)


def judge_drop(run: Run) -> Judgement:
    """Hold the drop's losses against the limits, compared with the data that the champion was trained on."""
    reference = run.study.registry.profile(run.champion.version)
    return judge(run.study, read_json(run.staging / "valid" / SUMMARY), reference=reference, scoring=True)


def build_drop_features(run: Run) -> dict[str, Any]:
    """Features of the people in the cohort, by the code that training uses."""
    cohort = cohort_features(run.study, run.staging / "valid")
    features, excluded = cohort.features, cohort.excluded
    replace_file(run.staging / "features.parquet", features.write_parquet)
    replace_file(run.staging / EXCLUDED, excluded.write_parquet)
    return {"n_cohort": features.height, "n_excluded": excluded.height, "n_features": features.width - 1}


def predict_drop(run: Run) -> dict[str, Any]:
    """Score the features with the champion, in the order of the published columns."""
    scores = run.scorer.score(pl.read_parquet(run.staging / "features.parquet"))
    scores = scores.select(
        PERSON,
        pl.lit(run.date).alias("score_date"),
        *(column for column in scores.columns if column != PERSON),
        pl.lit(run.champion.version).alias("model_version"),
        pl.lit(run.run_id).alias("run_id"),
        pl.lit(run.started_at).cast(pl.Datetime("us", "UTC")).alias("scored_at"),
    )
    replace_file(run.staging / SCORES, scores.write_parquet)
    return {"n_scored": scores.height, "n_columns": scores.width}


def publish(run: Run) -> dict[str, Any]:
    """Check that everybody is accounted for, then replace the date in rejects, scores and ledger, in this order.

    Everything is checked before anything is replaced. The ledger comes last: a run that has no row there did not
    finish and is done again.

    Raises:
        RuntimeError: if people do not add up; nothing is published then.
        PublishError: if scores or rejects break their contract; nothing is published then.
    """
    validation, judgement = read_json(run.staging / "valid" / SUMMARY), judge_drop(run)
    scores, excluded = (pl.read_parquet(run.staging / name) for name in (SCORES, EXCLUDED))
    rejects = reject_rows(run.study, pl.read_parquet(run.staging / "valid" / REJECTS), run.date, run.run_id, excluded)
    row = ledger_row(
        run.study,
        validation,
        started_at=run.started_at,
        n_excluded=excluded.height,
        data_hashes=run.data_hashes,
        details={"columns_compared_with": judgement.basis, "validation": validation},
        run_id=run.run_id,
        flow="score",
        batch=run.date,
        model_version=run.champion.version,
        n_scored=scores.height,
        promoted=None,
        floods=judgement.text,
    )
    if row["n_people"] != row["n_scored"] + row["n_rejected"] + row["n_excluded"]:
        counts = {name: count for name, count in row.items() if name.startswith("n_")}
        raise RuntimeError(f"people do not add up, nothing was published: {counts}")
    check_published(scores, scores_contract(run.scorer.tasks))
    check_published(rejects, Rejects)
    tables = run.study.tables
    tables.rejects.replace(run.date, rejects)
    tables.scores.replace(run.date, scores)
    tables.runs.publish(row)
    return row
