"""The contract of the Cleveland heart disease study, one raw table keyed by id."""

from __future__ import annotations

import polars as pl

from schemas.contract import Contract
from schemas.fields import CHOLESTEROL_MMOL, PRESSURE_KPA, Table, binary, category, integer, number, person_key


class Cleveland(Table):
    """Patients referred for angiography, Cleveland 1981 to 1984."""

    id: str = person_key("Row number in the source")
    age: int = integer(
        "Age", unit="years", low=1, high=110, privacy="quasi_identifier", on_failure="reject", nullable=False
    )
    sex: pl.Enum = category(
        "Sex", {"0": "Female", "1": "Male"}, privacy="quasi_identifier", on_failure="reject", nullable=False
    )
    cp: pl.Enum = category(
        "Chest pain", {"1": "Typical angina", "2": "Atypical angina", "3": "Non-anginal pain", "4": "Asymptomatic"}
    )
    trestbps: int = integer(
        "Resting blood pressure on admission", unit="mmHg", low=50, high=300, other_units=PRESSURE_KPA
    )
    chol: int = integer("Serum cholesterol", unit="mg/dL", low=30, high=1000, other_units=CHOLESTEROL_MMOL)
    fbs: pl.Int8 = binary("Fasting blood sugar above 120 mg/dL")
    restecg: pl.Enum = category(
        "Resting ECG", {"0": "Normal", "1": "ST-T wave abnormality", "2": "Left ventricular hypertrophy"}
    )
    thalach: int = integer("Highest heart rate reached", unit="beats/min", low=40, high=250)
    exang: pl.Int8 = binary("Angina brought on by exercise")
    oldpeak: float = number("ST depression by exercise", unit="mm", low=0, high=10, decimals=1)
    slope: pl.Enum = category("Slope of the peak exercise ST segment", {"1": "Up", "2": "Flat", "3": "Down"})
    ca: int = integer("Major vessels coloured by fluoroscopy", unit="vessels", low=0, high=3)
    thal: pl.Enum = category("Thallium scintigraphy", {"3": "normal", "6": "fixed defect", "7": "reversible defect"})
    target: pl.Int8 = binary("A coronary artery narrowed by more than half")


CONTRACT = Contract(
    study="heart",
    tables={"cleveland": Cleveland},
    person_table="cleveland",
    person_key="id",
    beside=frozenset({"dictionary.csv"}),
)
