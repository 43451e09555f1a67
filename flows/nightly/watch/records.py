"""What was watched of a night: one record a thing, as the table `watched` holds them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from flows.stores.published import dtypes

FINE, BEYOND, DEAD, NOT_JUDGED = "fine", "beyond", "dead", "not judged"
TABLES, INPUTS, SCORES, PERFORMANCE = "tables", "inputs", "scores", "performance"
AREAS = (TABLES, INPUTS, SCORES, PERFORMANCE)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One thing that was watched.

    Attributes:
        area: one of :data:`AREAS`.
        measure: what was measured, such as ``rows`` or ``missing``.
        name: a table, a column, a domain of features, or a task.
        part: of a rejected row the rule, of performance the month, else the group of people; empty for all.
        n: rows or people behind it; None where they are so few that they could be recognised.
        value: what was measured; None where it is undefined, or known of too few.
        low, high: its interval.
        usual: what it is compared with.
        limit: how far it may be from that.
        state: ``fine``, ``beyond`` its limit, ``dead`` (nothing came where something should), or ``not judged``.
        words: a sentence.
    """

    area: str
    measure: str
    name: str
    part: str = ""
    n: int | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    usual: float | None = None
    limit: float | None = None
    state: str = FINE
    words: str = ""

    @property
    def thing(self) -> tuple[str, str, str, str]:
        """What it is a record of: the same in every night."""
        return self.area, self.measure, self.name, self.part


def as_frame(records: Iterable[Record], date: str, run_id: str, model_version: str) -> pl.DataFrame:
    """Records of a night as rows of the table."""
    from schemas.published import Watched

    rows = [
        {**asdict(each), "score_date": dt.date.fromisoformat(date), "run_id": run_id, "model_version": model_version}
        for each in records
    ]
    return pl.DataFrame(rows, schema=dtypes(Watched))


def from_frame(frame: pl.DataFrame) -> dict[dt.date, list[Record]]:
    """The records of each night, the oldest first."""
    found: dict[dt.date, list[Record]] = {}
    for row in frame.sort("score_date", maintain_order=True).iter_rows(named=True):
        held: dict[str, Any] = {name: row[name] for name in Record.__dataclass_fields__}
        found.setdefault(row["score_date"], []).append(Record(**held))
    return found
