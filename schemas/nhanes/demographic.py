"""Demographic and socioeconomic tables: DEMO, HIQ."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.fields import DONT_KNOW, REFUSED, across, binary, category, integer, number
from schemas.nhanes.common import NhanesTable

_ethnicity = partial(category, privacy="quasi_identifier")
_people = partial(integer, unit="people", privacy="quasi_identifier")
_income = partial(number, unit="US$", low=2_000, high=100_000, privacy="quasi_identifier")
_SCHOOL_YEARS = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th")
_AGE = pl.col("RIDAGEYR")


class DEMO(NhanesTable):
    """Demographic variables."""

    RIAGENDR: pl.Enum = category(
        "Gender", ("Male", "Female"), privacy="quasi_identifier", on_failure="reject", nullable=False
    )
    # 80 stands for 80 and over; the source keeps it so to protect the oldest
    RIDAGEYR: int = integer(
        "Age at screening (80: 80 and over)",
        unit="years",
        low=0,
        high=80,
        sas_zero=True,
        privacy="quasi_identifier",
        on_failure="reject",
        nullable=False,
    )
    RIDAGEMN: int = integer(
        "Age at screening, 0 to 24 months", unit="months", low=0, high=24, sas_zero=True, privacy="quasi_identifier"
    )
    RIDRETH1: pl.Enum = _ethnicity(
        "Race and Hispanic origin",
        {
            "Mexican American": "Mexican American",
            "Other Hispanic": "Other Hispanic",
            "Non-Hispanic White": "Non-Hispanic White",
            "Non-Hispanic Black": "Non-Hispanic Black",
            "Other Race - Including Multi-Racial": "Other or multi-racial",
        },
    )
    RIDRETH3: pl.Enum = _ethnicity(
        "Race and Hispanic origin, with non-Hispanic Asian",
        {
            "Mexican American": "Mexican American",
            "Other Hispanic": "Other Hispanic",
            "Non-Hispanic White": "Non-Hispanic White",
            "Non-Hispanic Black": "Non-Hispanic Black",
            "Non-Hispanic Asian": "Non-Hispanic Asian",
            "Other Race - Including Multi-Racial": "Other or multi-racial",
        },
    )
    DMQMILIZ: pl.Int8 = binary(
        "Served on active duty in the US armed forces",
        special={"Don't Know": DONT_KNOW, "Refused": REFUSED},
        privacy="quasi_identifier",
    )
    DMDEDUC3: pl.Enum = category(
        "Education level, ages 6 to 19",
        {
            "Never attended / kindergarten only": "None or kindergarten",
            **{f"{year} grade": f"{year} grade" for year in _SCHOOL_YEARS},
            "12th grade no diploma": "12th grade, no diploma",
            "High school graduate": "High school graduate",
            "GED or equivalent": "GED or equivalent",
            "More than high school": "More than high school",
            "Less than 5th grade": "Less than 5th grade",
            "Less than 9th grade": "Less than 9th grade",
        },
        special={"Don't Know": DONT_KNOW, "Refused": REFUSED},
        privacy="quasi_identifier",
    )
    DMDEDUC2: pl.Enum = category(
        "Education level, ages 20 and over",
        {
            "Less than 9th grade": "Less than 9th grade",
            "9-11th grade (Includes 12th grade with no diploma)": "9th to 12th grade, no diploma",
            "High school graduate/GED or equivalent": "High school graduate or GED",
            "Some college or AA degree": "Some college or AA degree",
            "College graduate or above": "College graduate or above",
        },
        special={"Don't Know": DONT_KNOW, "Refused": REFUSED},
        privacy="quasi_identifier",
    )
    DMDMARTL: pl.Enum = category(
        "Marital status",
        ("Married", "Widowed", "Divorced", "Separated", "Never married", "Living with partner"),
        special={"Don't Know": DONT_KNOW, "Refused": REFUSED},
        privacy="quasi_identifier",
    )
    DMDHHSIZ: int = _people(
        "People in the household (7: 7 or more)", low=1, high=7, special={"7 or more people in the Household": 7}
    )
    DMDFMSIZ: int = _people(
        "People in the family (7: 7 or more)", low=1, high=7, special={"7 or more people in the Family": 7}
    )
    DMDHHSZA: int = _people(
        "Children of 5 or younger in the household (3: 3 or more)", low=0, high=3, special={"3 or more": 3}
    )
    DMDHHSZB: int = _people(
        "Children of 6 to 17 in the household (3: 3 or more)", low=0, high=3, special={"3 or more": 3}
    )
    DMDHHSZE: int = _people(
        "Adults of 60 or older in the household (3: 3 or more)", low=0, high=3, special={"3 or more": 3}
    )
    # Midpoints of the brackets that were asked; 100,000 stands for that and more
    INDHHIN2: float = _income("Annual household income, bracket midpoint (100000: that or more)")
    INDFMIN2: float = _income("Annual family income, bracket midpoint (100000: that or more)")
    INDFMPIR: float = number(
        "Ratio of family income to poverty (5: 5 or more)",
        unit="ratio",
        low=0,
        high=5,
        decimals=2,
        sas_zero=True,
        privacy="quasi_identifier",
    )

    months_agree = across(
        "RIDAGEMN",
        name="months_agree_with_years",
        why="the months, in whole years, are the age in years",
        holds=pl.col("RIDAGEMN") // 12 == _AGE,
    )
    school_age = across(
        "DMDEDUC3",
        name="asked_at_this_age",
        why="asked of those of 6 to 19 only",
        holds=_AGE.is_between(6, 19),
    )
    adult_education = across(
        "DMDEDUC2",
        name="asked_at_this_age",
        why="asked of those of 20 and over only",
        holds=_AGE >= 20,
    )
    adult_marriage = across(
        "DMDMARTL",
        name="asked_at_this_age",
        why="asked of those of 20 and over only",
        holds=_AGE >= 20,
    )
    military_age = across(
        "DMQMILIZ",
        name="asked_at_this_age",
        why="asked of those of 17 and over only",
        holds=_AGE >= 17,
    )
    family_fits = across(
        "DMDFMSIZ",
        name="family_within_household",
        why="a family has no more people than its household",
        holds=pl.col("DMDFMSIZ") <= pl.col("DMDHHSIZ"),
    )
    members_fit = across(
        "DMDHHSZA",
        "DMDHHSZB",
        "DMDHHSZE",
        name="members_within_household",
        why="the young and the old are no more than the household, where its size is not top-coded",
        holds=(pl.col("DMDHHSIZ") >= 7) | (pl.sum_horizontal("DMDHHSZA", "DMDHHSZB", "DMDHHSZE") <= pl.col("DMDHHSIZ")),
    )
    income_fits = across(
        "INDFMIN2",
        name="family_income_within_household",
        why="a family earns no more than its household",
        holds=pl.col("INDFMIN2") <= pl.col("INDHHIN2"),
    )


class HIQ(NhanesTable):
    """Health insurance."""

    HIQ011: pl.Int8 = binary("Covered by health insurance", privacy="sensitive")
