"""Examination tables: BMX, BPX, DXX."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.fields import PRESSURE_KPA, across, integer, number
from schemas.nhanes.common import NhanesTable

_centimetres = partial(number, unit="cm", decimals=1, other_units={"m": 100.0})
_rate = partial(integer, unit="beats/min")
_systolic = partial(integer, unit="mmHg", low=50, high=300, other_units=PRESSURE_KPA)
# Zero is a failed reading, not a pressure. Low ones are real: the sound may be heard down to near zero.
_diastolic = partial(
    integer, unit="mmHg", low=1, high=200, sas_zero=True, special={0: "failed_reading"}, other_units=PRESSURE_KPA
)
_BELOW = {"name": "diastolic_below_systolic", "why": "of two that contradict each other neither can be believed"}


class BMX(NhanesTable):
    """Body measures."""

    BMXWT: float = number("Weight", unit="kg", low=1, high=400, decimals=1)
    BMXRECUM: float = _centimetres("Recumbent length", low=30, high=130)
    BMXHT: float = _centimetres("Standing height", low=60, high=250)
    BMXBMI: float = number("Body mass index", unit="kg/m2", low=7, high=150, decimals=1)
    BMXWAIST: float = _centimetres("Waist circumference", low=25, high=250)

    bmi_agrees = across(
        "BMXBMI",
        name="bmi_agrees_with_weight_and_height",
        why="within 0.2 of weight over squared height",
        holds=(pl.col("BMXWT") / (pl.col("BMXHT") / 100) ** 2 - pl.col("BMXBMI")).abs() <= 0.2,
    )


class BPX(NhanesTable):
    """Blood pressure."""

    BPXCHR: int = _rate("Heart rate, ages 0 to 7", low=30, high=250)
    BPXPLS: int = _rate("Pulse, ages 8 and over", low=20, high=250)
    BPXSY1: int = _systolic("Systolic pressure, 1st reading")
    BPXDI1: int = _diastolic("Diastolic pressure, 1st reading")
    BPXSY2: int = _systolic("Systolic pressure, 2nd reading")
    BPXDI2: int = _diastolic("Diastolic pressure, 2nd reading")
    BPXSY3: int = _systolic("Systolic pressure, 3rd reading")
    BPXDI3: int = _diastolic("Diastolic pressure, 3rd reading")

    reading_1 = across("BPXSY1", "BPXDI1", holds=pl.col("BPXDI1") < pl.col("BPXSY1"), **_BELOW)
    reading_2 = across("BPXSY2", "BPXDI2", holds=pl.col("BPXDI2") < pl.col("BPXSY2"), **_BELOW)
    reading_3 = across("BPXSY3", "BPXDI3", holds=pl.col("BPXDI3") < pl.col("BPXSY3"), **_BELOW)


class DXX(NhanesTable):
    """Dual-energy X-ray absorptiometry, whole body."""

    DXXTRFAT: float = number("Trunk fat", unit="g", low=200, high=150_000, decimals=1)
    DXDTRPF: float = number("Trunk fat", unit="%", low=2, high=80, decimals=1)
    DXDTOPF: float = number("Total fat", unit="%", low=2, high=80, decimals=1)
