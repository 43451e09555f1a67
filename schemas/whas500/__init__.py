"""The contract of the Worcester Heart Attack Study's sample of 500, one raw table keyed by id."""

from __future__ import annotations

import polars as pl

from schemas.contract import Contract
from schemas.fields import PRESSURE_KPA, Table, across, binary, category, integer, number, person_key


class Whas500(Table):
    """Patients admitted to hospital in Worcester, Massachusetts, with a heart attack."""

    id: str = person_key("Row number in the source")
    age: int = integer(
        "Age at admission",
        unit="years",
        low=18,
        high=110,
        privacy="quasi_identifier",
        on_failure="reject",
        nullable=False,
    )
    gender: pl.Enum = category(
        "Gender", {"0": "Male", "1": "Female"}, privacy="quasi_identifier", on_failure="reject", nullable=False
    )
    hr: int = integer("First heart rate", unit="beats/min", low=10, high=300)
    sysbp: int = integer("First systolic blood pressure", unit="mmHg", low=30, high=300, other_units=PRESSURE_KPA)
    # 6 mmHg occurs: the fourth phase is hard to hear in shock
    diasbp: int = integer("First diastolic blood pressure", unit="mmHg", low=1, high=220, other_units=PRESSURE_KPA)
    bmi: float = number("Body mass index", unit="kg/m²", low=10, high=80, decimals=5)
    cvd: pl.Int8 = binary("History of cardiovascular disease")
    afb: pl.Int8 = binary("Atrial fibrillation")
    sho: pl.Int8 = binary("Cardiogenic shock")
    chf: pl.Int8 = binary("Congestive heart complications")
    av3: pl.Int8 = binary("Complete heart block")
    miord: pl.Enum = category("Order of the heart attack", {"0": "First", "1": "Recurrent"})
    mitype: pl.Enum = category("Type of the heart attack", {"0": "Non-Q-wave", "1": "Q-wave"})
    los: int = integer("Length of the hospital stay", unit="days", low=0, high=365)
    lenfol: int = integer("From admission to the last follow-up", unit="days", low=0, high=5000)
    fstat: pl.Int8 = binary("Dead at the last follow-up", privacy="sensitive")

    diastolic = across(
        "sysbp",
        "diasbp",
        name="diastolic_below_systolic",
        why="the diastolic pressure is the lower one",
        holds=pl.col("diasbp") < pl.col("sysbp"),
    )
    stay = across(
        "los",
        "lenfol",
        name="stay_within_follow_up",
        why="nobody is lost while in hospital",
        holds=pl.col("los") <= pl.col("lenfol"),
    )


CONTRACT = Contract(
    study="whas500",
    tables={"whas500": Whas500},
    person_table="whas500",
    person_key="id",
    beside=frozenset({"dictionary.csv"}),
)
