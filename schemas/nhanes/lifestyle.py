"""Tables on habits other than diet: DUQ, PAQ, SLQ, SMQ, SMQRTU."""

from __future__ import annotations

from functools import partial

import polars as pl

from schemas.fields import DONT_KNOW, REFUSED, binary, category, integer, number, time_of_day
from schemas.nhanes.common import REFUSED_77, REFUSED_777, REFUSED_7777, NhanesTable

_used = partial(binary, privacy="sensitive")
_days = partial(integer, unit="days a month", low=1, high=30, privacy="sensitive")
_clock = partial(time_of_day, special={"77777": REFUSED, "99999": DONT_KNOW})


class DUQ(NhanesTable):
    """Drug use."""

    DUQ200: pl.Int8 = _used("Ever used marijuana or hashish")
    DUQ230: int = _days("Days of marijuana or hashish", special=REFUSED_777)
    DUQ240: pl.Int8 = _used("Ever used cocaine, heroin or methamphetamine")
    DUQ250: pl.Int8 = _used("Ever used cocaine")
    DUQ280: int = _days("Days of cocaine", special=REFUSED_777)
    DUQ290: pl.Int8 = _used("Ever used heroin")
    DUQ320: int = _days("Days of heroin", special=REFUSED_77)
    DUQ330: pl.Int8 = _used("Ever used methamphetamine")
    DUQ360: int = _days("Days of methamphetamine", special=REFUSED_77)
    DUQ430: pl.Int8 = _used("Ever been in a rehabilitation programme")


class PAQ(NhanesTable):
    """Physical activity."""

    PAQ605: pl.Int8 = binary("Vigorous activity at work")
    PAQ620: pl.Int8 = binary("Moderate activity at work")
    PAQ635: pl.Int8 = binary("Walks or cycles to get about")
    PAQ650: pl.Int8 = binary("Vigorous recreational activity")
    PAQ665: pl.Int8 = binary("Moderate recreational activity")
    PAD680: int = integer(
        "Sedentary activity on a typical day", unit="minutes", low=0, high=1440, sas_zero=True, special=REFUSED_7777
    )


class SLQ(NhanesTable):
    """Sleep."""

    SLQ300: int = _clock("Usual time of falling asleep on workdays")
    SLQ310: int = _clock("Usual time of waking on workdays")
    SLD012: float = number(
        "Sleep on workdays (2: less than 3, 14: 14 or more)", unit="hours", low=2, high=14, decimals=1
    )
    SLQ030: pl.Enum = category(
        "How often snoring",
        {
            "Never": "Never",
            "Rarely - 1-2 nights a week": "1 to 2 nights a week",
            "Occasionally - 3-4 nights a week": "3 to 4 nights a week",
            "Frequently - 5 or more nights a week": "5 or more nights a week",
        },
    )
    SLQ050: pl.Int8 = binary("Ever told a doctor of trouble sleeping")
    SLQ120: pl.Enum = category(
        "How often overly sleepy by day",
        {
            "Never": "Never",
            "Rarely - 1 time a month": "Once a month",
            "Sometimes - 2-4 times a month": "2 to 4 times a month",
            "Often- 5-15 times a month": "5 to 15 times a month",
            "Almost always - 16-30 times a month": "16 to 30 times a month",
        },
    )


class SMQ(NhanesTable):
    """Smoking, cigarette use."""

    SMQ020: pl.Int8 = binary("Smoked at least 100 cigarettes in life")
    # Zero says that the person never smoked regularly: no age
    SMD030: int = integer(
        "Age when starting to smoke regularly",
        unit="years",
        low=4,
        high=80,
        sas_zero=True,
        special={0: "never_regularly", **REFUSED_777},
    )
    SMQ040: pl.Enum = category("Smokes cigarettes now", ("Not at all", "Some days", "Every day"))
    SMD641: int = integer(
        "Days of smoking cigarettes in the past 30", unit="days", low=0, high=30, sas_zero=True, special=REFUSED_77
    )
    SMD650: int = integer(
        "Cigarettes a day in the past 30 days (1: one or less, 95: 95 or more)",
        unit="cigarettes a day",
        low=1,
        high=95,
        special=REFUSED_777,
    )
    SMQ670: pl.Int8 = binary("Tried to quit in the past year")
    SMQ848: int = integer("Times of stopping in the past year", unit="times", low=1, high=366, special=REFUSED_777)
    SMQ852Q: int = integer(
        "How long the last stop lasted, in the unit of SMQ852U (0: less than a day)",
        unit="SMQ852U",
        low=0,
        high=366,
        sas_zero=True,
        special=REFUSED_7777,
    )
    SMQ852U: pl.Enum = category("Unit of SMQ852Q", ("Days", "Weeks", "Months", "Years"))


class SMQRTU(NhanesTable):
    """Recent tobacco use."""

    SMQ681: pl.Int8 = binary("Smoked tobacco in the last 5 days")
    SMQ710: int = integer(
        "Days of smoking cigarettes in the last 5", unit="days", low=1, high=5, special={7: REFUSED, 9: DONT_KNOW}
    )
    SMQ720: int = integer(
        "Cigarettes a day in the last 5 days (95: 95 or more)",
        unit="cigarettes a day",
        low=1,
        high=95,
        special=REFUSED_777,
    )
    SMDANY: pl.Int8 = binary("Used any tobacco product in the last 5 days")
