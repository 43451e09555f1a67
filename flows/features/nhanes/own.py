"""NHANES features from the outcomes' own tables: each is hidden from the tasks that it would give away."""

from __future__ import annotations

import polars as pl

from flows.features.build import OwnDomain, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("SEQN").alias(PERSON)
HEALTH = {"Excellent": 0.0, "Very good": 1.0, "Good": 2.0, "Fair": 3.0, "Poor": 4.0}
IMPAIRMENT = {
    "Not at all difficult": 0.0,
    "Somewhat difficult": 1.0,
    "Very difficult": 2.0,
    "Extremely difficult": 3.0,
}


def _plain(*columns: str) -> list[pl.Expr]:
    """Columns as they are, under their code in lower case."""
    return [pl.col(column).alias(column.lower()) for column in columns]


def ticked(answered: str, *columns: str) -> list[pl.Expr]:
    """Tick-all-that-apply items: blank means not ticked wherever the question before them was answered."""
    return [
        pl.when(pl.col(column).is_not_null())
        .then(1.0)
        .when(pl.col(answered).is_not_null())
        .then(0.0)
        .alias(column.lower())
        for column in columns
    ]


def _rank(column: str, ranks: dict[str, float]) -> pl.Expr:
    """The place of an ordered answer."""
    return pl.col(column).cast(pl.String).replace_strict(ranks, default=None, return_dtype=pl.Float64)


def body(tables: Tables) -> pl.DataFrame:
    """The scale and the tape."""
    return tables["BMX"].select(KEY, *_plain("BMXWT", "BMXBMI", "BMXWAIST"))


def told_weight(tables: Tables) -> pl.DataFrame:
    """What people say of their weight."""
    return tables["WHQ"].select(KEY, *_plain("WHD020"))


def blood_pressure(tables: Tables) -> pl.DataFrame:
    """Means of the readings that are there; systolic and diastolic."""
    # rounded, since the order of a sum may differ
    return tables["BPX"].select(
        KEY,
        pl.mean_horizontal("BPXSY1", "BPXSY2", "BPXSY3").round(3).alias("systolic"),
        pl.mean_horizontal("BPXDI1", "BPXDI2", "BPXDI3").round(3).alias("diastolic"),
    )


def diabetes_history(tables: Tables) -> pl.DataFrame:
    """What people were told, since when, and how it is treated."""
    return tables["DIQ"].select(KEY, *_plain("DIQ010", "DID040", "DIQ160", "DIQ170", "DIQ050", "DIQ070", "DIQ280"))


def mood(tables: Tables) -> pl.DataFrame:
    """The nine items of the PHQ-9 and their sum, and the difficulty that they cause."""
    items = [f"DPQ0{item}0" for item in range(1, 10)]
    return tables["DPQ"].select(
        KEY,
        *_plain(*items),
        pl.when(pl.all_horizontal(pl.col(items).is_not_null())).then(pl.sum_horizontal(items)).alias("phq9"),
        _rank("DPQ100", IMPAIRMENT).alias("dpq100"),
    )


def felt_depressed(tables: Tables) -> pl.DataFrame:
    """How often depressed, and whether medication is taken for it."""
    return tables["DLQ"].select(KEY, *_plain("DLQ140", "DLQ150"))


def own_health(tables: Tables) -> pl.DataFrame:
    """General health as people rate it, 0 (excellent) to 4 (poor)."""
    return tables["HSQ"].select(KEY, _rank("HSD010", HEALTH).alias("hsd010"))


def conditions(tables: Tables) -> pl.DataFrame:
    """Chronic conditions, age at their onset, and the kind of a cancer."""
    return tables["MCQ"].select(
        KEY,
        *_plain("MCQ010", "MCQ160A", "MCQ160E", "MCD180E", "MCQ160F", "MCD180F", "MCQ220", "MCQ230A", "MCD240A"),
    )


def special_diet(tables: Tables) -> pl.DataFrame:
    """Whether on a special diet, and on which kinds: each is the rest of the others, so that no one stands alone."""
    kinds = ("DRQSDT1", "DRQSDT2", "DRQSDT3", "DRQSDT7", "DRQSDT9")
    return tables["DR1TOT"].select(KEY, *_plain("DRQSDIET"), *ticked("DRQSDIET", *kinds))


OWN = {
    "body": OwnDomain(("weight",), (body, told_weight)),
    "blood_pressure": OwnDomain(("sbp",), blood_pressure),
    "diabetes_history": OwnDomain(("hba1c", "diabetes"), diabetes_history),
    "mood": OwnDomain(("depression",), (mood, felt_depressed)),
    "own_health": OwnDomain(("genhealth",), own_health),
    "conditions": OwnDomain(("chronic",), conditions),
    "special_diet": OwnDomain(("hba1c", "diabetes"), special_diet),
}
