"""The contract of the National Medical Expenditure Survey, people of 66 and more: one raw table keyed by id."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.contract import Contract
from schemas.fields import Table, binary, category, integer, number, person_key

_yes_no = partial(category, labels={"no": "No", "yes": "Yes"}, privacy="quasi_identifier")
_visits = partial(integer, unit="visits in the year", low=0, high=366)


class Nmes1988(Table):
    """People of 66 years and more, covered by Medicare, and their use of care in 1987 and 1988."""

    id: str = person_key("Row number in the source")
    ofp: int = _visits("Visits to a physician's office")
    ofnp: int = _visits("Visits to the office of another professional")
    opp: int = _visits("Visits to a physician in a hospital's outpatient department")
    opnp: int = _visits("Visits to another professional in a hospital's outpatient department")
    emr: int = _visits("Visits to an emergency room")
    hosp: int = integer("Hospital stays", unit="stays in the year", low=0, high=52)
    numchron: int = integer("Chronic conditions", unit="conditions", low=0, high=20)
    adldiff: pl.Int8 = binary("Limited in activities of daily living")
    age: float = number(
        "Age",
        unit="decades",
        low=0,
        high=12,
        decimals=1,
        privacy="quasi_identifier",
        on_failure="reject",
        nullable=False,
    )
    black: pl.Enum = _yes_no("African-American")
    sex: pl.Enum = category(
        "Sex",
        {"female": "Female", "male": "Male"},
        privacy="quasi_identifier",
        on_failure="reject",
        nullable=False,
    )
    maried: pl.Enum = _yes_no("Married")
    school: int = integer("Years of education", unit="years", low=0, high=30, privacy="quasi_identifier")
    # losses of a business make an income negative
    faminc: float = number("Family income", unit="10,000 US$", low=-20, high=200, privacy="quasi_identifier")
    employed: pl.Enum = _yes_no("Employed")
    privins: pl.Enum = _yes_no("Private insurance beside Medicare", privacy="sensitive")
    medicaid: pl.Enum = _yes_no("Medicaid", privacy="sensitive")
    region: pl.Enum = category(
        "Region of the US",
        {"noreast": "Northeast", "midwest": "Midwest", "west": "West", "other": "Other"},
        privacy="quasi_identifier",
    )
    hlth: pl.Enum = category("Self-perceived health", ("poor", "other", "excellent"))


CONTRACT = Contract(
    study="nmes1988",
    tables={"nmes1988": Nmes1988},
    person_table="nmes1988",
    person_key="id",
    beside=frozenset({"dictionary.csv"}),
)
