"""What the rejects table is given: rejected rows of a validation, and people outside the cohort."""

from __future__ import annotations

import polars as pl

from flows.study.study import Study
from mtl_models.data.dataset import PERSON


def reject_rows(
    study: Study, rejects: pl.DataFrame, batch: str, run_id: str, excluded: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Rejects of a validation and people outside the cohort, in the published form.

    Of an excluded person only the identifier and the reason are kept: the row itself was fit to go on.
    """
    frames = [rejects.with_columns(pl.lit("rejected").alias("outcome"))]
    if excluded is not None:
        frames.append(_people(study, excluded))
    return pl.concat(frames).select(
        *rejects.columns, pl.lit(batch).alias("batch"), pl.lit(run_id).alias("run_id"), "outcome"
    )


def _people(study: Study, excluded: pl.DataFrame) -> pl.DataFrame:
    reason = pl.struct(pl.lit(study.contract.person_key).alias("column"), pl.col("reason").alias("rule"))
    return excluded.select(
        pl.lit(study.contract.person_table).alias("table"),
        pl.lit(None).cast(pl.String).alias("file"),
        pl.lit(None).cast(pl.Int64).alias("line"),
        PERSON,
        pl.lit(None).cast(pl.String).alias("row"),
        pl.concat_list(reason).alias("reasons"),
        pl.lit("excluded").alias("outcome"),
    )
