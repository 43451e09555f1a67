"""The contract of the diabetes study of least angle regression, one raw table keyed by id."""

from __future__ import annotations

import polars as pl

from schemas.contract import Contract
from schemas.fields import Table, category, integer, number, person_key


class Diabetes(Table):
    """People with diabetes, measured once, and the progression of the disease a year later."""

    id: str = person_key("Row number in the source")
    age: int = integer("Age", unit="years", low=18, high=110, privacy="quasi_identifier")
    sex: pl.Enum = category("Sex", {"1": "Group 1", "2": "Group 2"}, privacy="quasi_identifier")
    bmi: float = number("Body mass index", unit="kg/m2", low=10, high=80, decimals=1)
    bp: float = number("Mean blood pressure", unit="mmHg", low=40, high=200, decimals=2)
    tc: float = number("Total cholesterol", unit="mg/dL", low=50, high=500, decimals=1)
    ldl: float = number("LDL cholesterol", unit="mg/dL", low=20, high=400, decimals=1)
    hdl: float = number("HDL cholesterol", unit="mg/dL", low=10, high=150, decimals=1)
    tch: float = number("Total over HDL cholesterol", unit="ratio", low=1, high=15, decimals=2)
    ltg: float = number("Logarithm of triglycerides", unit="log(mg/dL)", low=2, high=8, decimals=4)
    glu: float = number("Blood glucose", unit="mg/dL", low=30, high=500, decimals=1)
    progression: int = integer("Progression of the disease a year later", unit="points", low=0, high=500)


CONTRACT = Contract(study="diabetes", tables={"diabetes": Diabetes}, person_table="diabetes", person_key="id")
