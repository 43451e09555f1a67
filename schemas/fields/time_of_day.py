"""The kind ``time_of_day``: a clock time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from schemas.fields.cells import first_rule, mapped
from schemas.fields.figures import check_range
from schemas.fields.rules import Rules

_LAST = 1439


@dataclass(frozen=True, kw_only=True)
class TimeOfDay(Rules):
    """A clock time, ``23:30`` or ``b'23:30'``, as minutes after midnight."""

    unit: str = "minutes after midnight"

    kind = "time_of_day"
    words = "time of day"
    dtype = pl.Int64
    faults = ("not_a_time", "out_of_range")
    stored = (pl.Time,)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range(self, 0, _LAST)

    def checks(self) -> dict[str, Any]:
        """Within a day."""
        return {"in_range": (0, _LAST)}

    def parse(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Minutes of hours and minutes."""
        # b'23:30' is how bytes print in Python; b'' is a blank
        bare = pl.col("text").str.replace(r"^b'(.*)'$", "$1").replace("", None)
        clock = pl.col("bare").str.extract_groups(r"^(?<hours>[01]?\d|2[0-3]):(?<minutes>[0-5]\d)(?::00)?$").struct
        minutes = clock.field("hours").cast(pl.Int64) * 60 + clock.field("minutes").cast(pl.Int64)
        return (
            cells.select(bare=bare)
            .with_columns(value=minutes, answer=mapped("bare", self.special, pl.String))
            .select("value", rule=first_rule("bare", "not_a_time"))
        )

    def values(self) -> str:
        """The minutes of a day."""
        return f"0 to {_LAST}"


def time_of_day(title: str, **options: Any) -> Any:
    """A clock time, ``23:30`` or ``b'23:30'``, as minutes after midnight. Dtype Int64."""
    return TimeOfDay.declare(title=title, **options)
