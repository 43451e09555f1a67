"""What the rejects table is given: rejected rows of a validation, and people outside the cohort."""

from __future__ import annotations

import polars as pl

from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.splitting.results import REJECTS


def reject_rows(study: Study, rejects: pl.DataFrame, batch: str, run_id: str, excluded: pl.DataFrame) -> pl.DataFrame:
    """Rejects of a validation and people outside the cohort, in the published form."""
    return pl.concat([rejected_rows(rejects, batch, run_id), excluded_rows(study, excluded, batch, run_id)])


def rejected_rows(rejects: pl.DataFrame, batch: str, run_id: str) -> pl.DataFrame:
    """Rejects of a validation, in the published form."""
    return _published(rejects, batch, run_id, "rejected")


def excluded_rows(study: Study, excluded: pl.DataFrame, batch: str, run_id: str) -> pl.DataFrame:
    """People outside the cohort, in the published form.

    Only the identifier and the reason are kept: the row itself was fit to go on.
    """
    reason = pl.struct(pl.lit(study.contract.person_key).alias("column"), pl.col("reason").alias("rule"))
    people = excluded.select(
        pl.lit(study.contract.person_table).alias("table"),
        pl.lit(None).cast(pl.String).alias("file"),
        pl.lit(None).cast(pl.Int64).alias("line"),
        PERSON,
        pl.lit(None).cast(pl.String).alias("row"),
        pl.concat_list(reason).alias("reasons"),
    )
    return _published(people, batch, run_id, "excluded")


def _published(rows: pl.DataFrame, batch: str, run_id: str, outcome: str) -> pl.DataFrame:
    return rows.select(
        *REJECTS, pl.lit(batch).alias("batch"), pl.lit(run_id).alias("run_id"), pl.lit(outcome).alias("outcome")
    )
