"""Features of the Worcester Heart Attack Study: the first hours after admission.

Shock, heart failure, both disturbances of rhythm and the type of the infarction count as known then; the source does
not say when they were. The length of the stay is learnt and scored as the natural logarithm of one plus the days: a
score ``s`` reads as ``exp(s) - 1`` days (1.8 is 5 days), a typical stay rather than a mean. It is ended by death in
hospital: for those who die early a short stay is no good news, so read it beside the probability of death in hospital.
"""

from __future__ import annotations

import polars as pl

from flows.features.build import StudyFeatures, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("id").alias(PERSON)
YEAR_DAYS = 365


def demographic(tables: Tables) -> pl.DataFrame:
    """Age and gender."""
    return tables["whas500"].select(KEY, "age", "gender")


def examination(tables: Tables) -> pl.DataFrame:
    """Heart rate, blood pressure, body mass and kind of infarction."""
    return tables["whas500"].select(KEY, "hr", "sysbp", "diasbp", "bmi", "mitype")


def history(tables: Tables) -> pl.DataFrame:
    """Cardiovascular disease before, and whether it is the first heart attack."""
    return tables["whas500"].select(KEY, "cvd", "miord")


def complications(tables: Tables) -> pl.DataFrame:
    """Shock, heart failure and disturbances of rhythm."""
    return tables["whas500"].select(KEY, "afb", "sho", "chf", "av3")


def people(tables: Tables) -> pl.DataFrame:
    """Every patient belongs to the cohort."""
    return tables["whas500"].select(KEY, pl.lit(None, pl.String).alias("reason"))


def targets(tables: Tables) -> pl.DataFrame:
    """Stay and deaths, null where unknown: whoever was last seen alive within the year has no label for it."""
    dead, days = pl.col("fstat") == 1, pl.col("lenfol")
    death_1y = (
        pl.when(dead & (days <= YEAR_DAYS)).then(1).when((days > YEAR_DAYS) | (~dead & (days == YEAR_DAYS))).then(0)
    )
    return (
        tables["whas500"]
        .select(
            KEY,
            # rounded: libm may differ in the last bit between machines
            pl.col("los").cast(pl.Float64).log1p().round(6).alias("log_los"),
            (dead & (days <= pl.col("los"))).cast(pl.Int8).alias("death_hosp"),
            death_1y.cast(pl.Int8).alias("death_1y"),
        )
        .sort(PERSON)
    )


STUDY = StudyFeatures(
    people=people,
    domains={
        "demographic": demographic,
        "examination": examination,
        "history": history,
        "complications": complications,
    },
    targets=targets,
)
