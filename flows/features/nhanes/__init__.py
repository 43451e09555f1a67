"""NHANES features that every outcome sees: one function a table of a domain, for adults."""

from __future__ import annotations

import math

import polars as pl

from flows.features.build import StudyFeatures, Tables
from flows.features.nhanes.own import OWN, ticked
from flows.features.nhanes.targets import targets
from mtl_models.data.dataset import PERSON

KEY = pl.col("SEQN").alias(PERSON)
ADULT_YEARS = 20


def _plain(*columns: str) -> list[pl.Expr]:
    """Columns as they are, under their code in lower case."""
    return [pl.col(column).alias(column.lower()) for column in columns]


def _asked_only(gate: str, *columns: str) -> list[pl.Expr]:
    """Items that are asked only after a yes: no to the gate means none of them, not an unknown."""
    return [pl.when(pl.col(gate) == 0).then(0.0).otherwise(pl.col(column)).alias(column.lower()) for column in columns]


def _clock(column: str, name: str) -> list[pl.Expr]:
    """A time of day in minutes as a point on the circle, so that 23:30 and 00:30 are neighbours."""
    angle = pl.col(column).cast(pl.Float64) * (2 * math.pi / 1440)
    # rounded: libm may differ in the last bit between machines
    return [angle.sin().round(6).alias(f"{name}_sin"), angle.cos().round(6).alias(f"{name}_cos")]


def demographic(tables: Tables) -> pl.DataFrame:
    """Age, sex, origin, family and household."""
    return tables["DEMO"].select(
        KEY,
        *_plain("RIDAGEYR", "RIAGENDR", "RIDRETH3", "DMDMARTL", "DMQMILIZ"),
        *_plain("DMDHHSIZ", "DMDFMSIZ", "DMDHHSZA", "DMDHHSZB", "DMDHHSZE"),
    )


def education_income(tables: Tables) -> pl.DataFrame:
    """Education and income."""
    return tables["DEMO"].select(KEY, *_plain("DMDEDUC2", "INDHHIN2", "INDFMIN2", "INDFMPIR"))


def insurance(tables: Tables) -> pl.DataFrame:
    """Whether somebody is insured."""
    return tables["HIQ"].select(KEY, *_plain("HIQ011"))


def difficulties(tables: Tables) -> pl.DataFrame:
    """Difficulties of daily life, and worries."""
    return tables["DLQ"].select(
        KEY, *_plain("DLQ010", "DLQ020", "DLQ040", "DLQ050", "DLQ060", "DLQ080", "DLQ100", "DLQ110")
    )


def functioning(tables: Tables) -> pl.DataFrame:
    """Limits of memory, body and feelings, and difficulty with money."""
    return tables["PFQ"].select(KEY, *_plain("PFQ057", "PFQ059", "PFQ061A"))


def own_weight(tables: Tables) -> pl.DataFrame:
    """What people say of their own height and weight loss."""
    return tables["WHQ"].select(KEY, *_plain("WHD010", "WHQ070", "WHQ225"))


def diet_behaviour(tables: Tables) -> pl.DataFrame:
    """How people eat."""
    return tables["DBQ"].select(
        KEY,
        *_plain("DBQ700", "DBQ197", "DBQ229", "DBQ235A", "DBQ235B", "DBQ235C", "DBQ301", "DBQ330"),
        *ticked("DBQ197", "DBQ223A", "DBQ223B", "DBQ223C", "DBQ223D", "DBQ223E", "DBQ223U"),
        *_plain("DBD895"),
        pl.when(pl.col("DBD895") == 0).then(0.0).otherwise(pl.col("DBD900")).alias("dbd900"),
        *_plain("DBD905", "DBD910", "CBQ596"),
        *_asked_only("CBQ596", "CBQ606", "CBQ611"),
        *_plain("DBQ930", "DBQ935", "DBQ940", "DBQ945"),
    )


def recalled_day(tables: Tables) -> pl.DataFrame:
    """One recalled day of food."""
    energy = pl.when(pl.col("DR1TKCAL") > 0).then(pl.col("DR1TKCAL"))
    nutrients = ("KCAL", "PROT", "CARB", "SUGR", "FIBE", "TFAT", "SFAT", "MFAT", "PFAT", "CHOL", "ALCO")
    return tables["DR1TOT"].select(
        KEY,
        *_plain("DBD100"),
        *_plain(*(f"DR1T{nutrient}" for nutrient in nutrients), "DRD370B"),
        # share of energy: 9 kcal a gram of fat, 4 of sugar
        (9 * pl.col("DR1TTFAT") / energy).clip(0, 1).alias("fat_energy_share"),
        (4 * pl.col("DR1TSUGR") / energy).clip(0, 1).alias("sugar_energy_share"),
    )


def activity(tables: Tables) -> pl.DataFrame:
    """Work, sport and sitting."""
    return tables["PAQ"].select(KEY, *_plain("PAQ605", "PAQ620", "PAQ635", "PAQ650", "PAQ665", "PAD680"))


def sleep(tables: Tables) -> pl.DataFrame:
    """Sleep and its hours."""
    in_bed = (pl.col("SLQ310").cast(pl.Float64) - pl.col("SLQ300").cast(pl.Float64)) % 1440
    return tables["SLQ"].select(
        KEY,
        *_plain("SLD012", "SLQ030", "SLQ050", "SLQ120"),
        *_clock("SLQ300", "falls_asleep"),
        *_clock("SLQ310", "wakes"),
        (in_bed / 60).alias("hours_in_bed"),
    )


def smoking(tables: Tables) -> pl.DataFrame:
    """Cigarettes in life and now."""
    never = pl.col("SMQ020") == 0
    not_now = never | (pl.col("SMQ040") == "Not at all")
    return tables["SMQ"].select(
        KEY,
        *_plain("SMQ020", "SMQ040", "SMD030"),
        *(
            pl.when(not_now).then(0.0).otherwise(pl.col(column)).alias(column.lower())
            for column in ("SMD641", "SMD650")
        ),
        *_plain("SMQ670", "SMQ848", "SMQ852Q", "SMQ852U"),
    )


def tobacco(tables: Tables) -> pl.DataFrame:
    """Tobacco of the last five days."""
    return tables["SMQRTU"].select(KEY, *_plain("SMQ681", "SMDANY"), *_asked_only("SMQ681", "SMQ710", "SMQ720"))


def drugs(tables: Tables) -> pl.DataFrame:
    """Drugs in life and of late."""
    return tables["DUQ"].select(
        KEY,
        *_plain("DUQ200", "DUQ240"),
        *_asked_only("DUQ200", "DUQ230"),
        *_asked_only("DUQ240", "DUQ250", "DUQ280", "DUQ290", "DUQ320", "DUQ330", "DUQ360"),
        *_plain("DUQ430"),
    )


def height(tables: Tables) -> pl.DataFrame:
    """Standing height."""
    return tables["BMX"].select(KEY, *_plain("BMXHT"))


def pulse(tables: Tables) -> pl.DataFrame:
    """Pulse at rest."""
    return tables["BPX"].select(KEY, *_plain("BPXPLS"))


def laboratory(tables: Tables) -> pl.DataFrame:
    """Metals in blood, on the log scale as well as the skew asks for."""
    metals = ("LBXBPB", "LBXBCD", "LBXTHG", "LBXBSE", "LBXBMN")
    return tables["PBCD"].select(
        KEY, *(pl.col(column).log().round(6).alias(f"log_{column.lower()}") for column in metals)
    )


def people(tables: Tables) -> pl.DataFrame:
    """Everybody, with the reason why someone is outside the cohort of adults."""
    child = pl.when(pl.col("RIDAGEYR") < ADULT_YEARS).then(pl.lit(f"outside the cohort: under {ADULT_YEARS} years"))
    return tables["DEMO"].select(KEY, child.alias("reason"))


STUDY = StudyFeatures(
    people=people,
    domains={
        "demographic": demographic,
        "socioeconomic": (education_income, insurance),
        "questionnaire": (difficulties, functioning, own_weight),
        "lifestyle_diet": (diet_behaviour, recalled_day, activity, sleep, smoking, tobacco, drugs),
        "examination": (height, pulse),
        "laboratory": laboratory,
    },
    targets=targets,
    own=OWN,
)
