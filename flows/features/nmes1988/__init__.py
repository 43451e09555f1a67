"""Features of the National Medical Expenditure Survey: who people of 66 and more are, and their chronic conditions.

Two limitations are known of a person: being limited in activities of daily living, and poor self-perceived health.
Whoever has one of them counts as sick. A chronic condition alone does not: 77 % of these people have one, and their
number is what foretells visits best (R² of log visits on validation, ridge regression: .11 with it, .02 without), so it
is a feature and no outcome. A stay in hospital is taken as sickness of its own, whatever was said at the interview.
So everybody falls into one class:

- *well and not in hospital*: no stay, no limitation (2,768 of 4,406)
- *sick, not in hospital*: no stay, at least one limitation (773)
- *sick and in hospital*: at least one stay (865, of whom 369 with a limitation and 496 without one)

The last class is the outcome *any hospital stay* under another name; the first two split the others. Visits are learnt
and scored as the natural logarithm of one plus their number: a score ``s`` reads as ``exp(s) - 1`` visits (1.6 is 4), a
typical number rather than a mean.
"""

from __future__ import annotations

import polars as pl

from flows.features.build import StudyFeatures, Tables
from mtl_models.data.dataset import PERSON

KEY = pl.col("id").alias(PERSON)
LOWEST_AGE = 66


def _yes(*columns: str) -> list[pl.Expr]:
    """Yes as 1, no as 0."""
    return [(pl.col(column) == "Yes").cast(pl.Float64).alias(column) for column in columns]


def demographic(tables: Tables) -> pl.DataFrame:
    """Age in years, origin, sex, marriage and region."""
    years = (pl.col("age") * 10).round(0).alias("age")
    return tables["nmes1988"].select(KEY, years, "sex", *_yes("black", "maried"), "region")


def socioeconomic(tables: Tables) -> pl.DataFrame:
    """Education, income, work and insurance."""
    return tables["nmes1988"].select(KEY, "school", "faminc", *_yes("employed", "privins", "medicaid"))


def health(tables: Tables) -> pl.DataFrame:
    """Number of chronic conditions."""
    return tables["nmes1988"].select(KEY, "numchron")


def people(tables: Tables) -> pl.DataFrame:
    """Everybody, with the reason why someone is outside the cohort."""
    young = pl.when((pl.col("age") * 10).round(0) < LOWEST_AGE)
    return tables["nmes1988"].select(
        KEY, young.then(pl.lit(f"outside the cohort: under {LOWEST_AGE} years")).alias("reason")
    )


def targets(tables: Tables) -> pl.DataFrame:
    """Use of care and limitations, null where unknown."""
    stay, limited, poor = pl.col("hosp") > 0, pl.col("adldiff") == 1, pl.col("hlth") == "poor"
    # a stay decides alone; without one, an unknown limitation leaves the class unknown unless the other is there
    state = pl.when(stay).then(2).when(~stay & (limited | poor)).then(1).when(~stay & ~(limited | poor)).then(0)
    return (
        tables["nmes1988"]
        .select(
            KEY,
            # rounded: libm may differ in the last bit between machines
            pl.col("ofp").cast(pl.Float64).log1p().round(6).alias("log_visits"),
            state.cast(pl.Int8).alias("health_state"),
            stay.cast(pl.Int8).alias("any_stay"),
            (pl.col("emr") > 0).cast(pl.Int8).alias("any_emergency"),
            limited.cast(pl.Int8).alias("limitations__daily_life"),
            poor.cast(pl.Int8).alias("limitations__poor_health"),
        )
        .sort(PERSON)
    )


STUDY = StudyFeatures(
    people=people,
    domains={"demographic": demographic, "socioeconomic": socioeconomic, "health": health},
    targets=targets,
)
