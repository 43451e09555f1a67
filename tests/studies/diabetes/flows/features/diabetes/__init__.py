"""Features of the diabetes study: who somebody is, body and blood; outcomes are progression and a high glucose."""

from __future__ import annotations

import polars as pl

from flows.features.build import StudyFeatures, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("id").alias(PERSON)
HIGH_GLUCOSE = 100.0  # mg/dL


def body(tables: Tables) -> pl.DataFrame:
    """Age, sex, body mass and blood pressure."""
    return tables["diabetes"].select(KEY, "age", "sex", "bmi", "bp")


def blood(tables: Tables) -> pl.DataFrame:
    """Fats in the blood."""
    return tables["diabetes"].select(KEY, "tc", "ldl", "hdl", "tch", "ltg")


def people(tables: Tables) -> pl.DataFrame:
    """Everybody belongs to the cohort."""
    return tables["diabetes"].select(KEY, pl.lit(None, pl.String).alias("reason"))


def targets(tables: Tables) -> pl.DataFrame:
    """Progression as it is, and whether glucose is high."""
    high = (pl.col("glu") >= HIGH_GLUCOSE).cast(pl.Int8).alias("high_glucose")
    return tables["diabetes"].select(KEY, "progression", high).sort(PERSON)


STUDY = StudyFeatures(people=people, domains={"body": body, "blood": blood}, targets=targets)
