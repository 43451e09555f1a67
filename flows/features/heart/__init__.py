"""Features of the Cleveland heart study: history, resting examination, laboratory and exercise test."""

from __future__ import annotations

import polars as pl

from flows.features.build import StudyFeatures, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("id").alias(PERSON)
THAL = {"normal": 0, "fixed defect": 1, "reversible defect": 2}


def demographic(tables: Tables) -> pl.DataFrame:
    """Age and sex."""
    return tables["cleveland"].select(KEY, "age", "sex")


def symptoms(tables: Tables) -> pl.DataFrame:
    """Kind of chest pain."""
    return tables["cleveland"].select(KEY, "cp")


def examination(tables: Tables) -> pl.DataFrame:
    """Blood pressure and electrocardiogram at rest."""
    return tables["cleveland"].select(KEY, "trestbps", "restecg")


def laboratory(tables: Tables) -> pl.DataFrame:
    """Cholesterol and fasting sugar."""
    return tables["cleveland"].select(KEY, "chol", "fbs")


def exercise_test(tables: Tables) -> pl.DataFrame:
    """Heart rate, angina and ST segment under exercise."""
    return tables["cleveland"].select(KEY, "thalach", "exang", "oldpeak", "slope")


def people(tables: Tables) -> pl.DataFrame:
    """Every patient belongs to the cohort."""
    return tables["cleveland"].select(KEY, pl.lit(None, pl.String).alias("reason"))


def targets(tables: Tables) -> pl.DataFrame:
    """Thallium scan and angiography, and the vessels that fluoroscopy showed; null where missing."""
    thal = pl.col("thal").cast(pl.String).replace_strict(THAL, default=None).cast(pl.Int8)
    return (
        tables["cleveland"]
        .select(KEY, thal.alias("thal"), pl.col("target").cast(pl.Int8).alias("disease"), vessels="ca")
        .sort(PERSON)
    )


STUDY = StudyFeatures(
    people=people,
    domains={
        "demographic": demographic,
        "symptoms": symptoms,
        "examination": examination,
        "laboratory": laboratory,
        "exercise_test": exercise_test,
    },
    targets=targets,
)
