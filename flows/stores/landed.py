"""The tables of what drops brought: their rows by the date they came, a line a date, and the parts of newcomers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from flows.stores.published import PublishedTable, dtypes
from flows.stores.store import RowKey


class LandedTable(PublishedTable):
    """Rows of drops that kept the contract, as text, by the date on which they came; nothing is ever overwritten but
    a date that lands again. Patient data."""

    name, partition = "landed", "landed_on"

    def land(self, date: str, frames: Iterable[pl.DataFrame]) -> None:
        """Check and replace one date; its rows are ordered by table and person."""
        from schemas.published import Landed, check_published

        def checked() -> Iterator[pl.DataFrame]:
            for frame in frames:
                check_published(frame, Landed)
                yield frame

        self.replace(date, checked())

    def people_among(self, keys: pl.Series, person_table: str, *, before: str | None = None) -> pl.Series:
        """Those of some keys that are of people who have a row in the person table of any date, or one before."""
        found = [pl.Series(dtype=pl.String)]
        last = dt.date.max if before is None else dt.date.fromisoformat(before)
        if self.exists():
            for frame in self.store.frames(only=("table", person_table), columns=["table", "person_id", "landed_on"]):
                held = frame.filter(pl.col("landed_on") < last)["person_id"]
                found.append(held.filter(held.is_in(keys.implode())))
        return pl.concat(found).unique()

    def by_table(self, date: str, tables: Iterable[str], *, at_once: bool) -> Iterator[tuple[str, pl.DataFrame]]:
        """The rows of some raw tables that had landed by the end of a date, table by table.

        ``at_once``: read all of them in one pass, which takes memory for all and a table's share of the time.
        """
        if not at_once:
            yield from ((name, self.until(date, name)) for name in tables)
            return
        wanted = pl.col("landed_on") <= dt.date.fromisoformat(date)
        rows = pl.concat(frame.filter(wanted) for frame in self.store.frames())
        parts = rows.partition_by("table", as_dict=True)
        yield from ((name, parts.pop((name,), rows.clear())) for name in tables)

    def until(self, date: str, table: str, *, people: pl.Series | None = None) -> pl.DataFrame:
        """The rows of one raw table that had landed by the end of a date; of some ``people``, so that no others are
        held."""
        wanted = pl.col("landed_on") <= dt.date.fromisoformat(date)
        if people is not None:
            wanted &= pl.col("person_id").is_in(people.implode())
        return pl.concat(frame.filter(wanted) for frame in self.store.frames(only=("table", table)))


class Landings(PublishedTable):
    """What landed when, in counts: one row a date."""

    shared = True

    name, partition = "landings", RowKey("landed_on")

    def publish(self, row: dict[str, Any]) -> None:
        """Record what a date brought; the same date again replaces its row."""
        from schemas.published import Landings as Rows
        from schemas.published import check_published

        frame = pl.DataFrame([row], schema=dtypes(Rows))
        check_published(frame, Rows)
        self.replace(row["landed_on"].isoformat(), frame)

    def until(self, date: str) -> pl.DataFrame:
        """The rows of all dates up to one, in their order."""
        if self.exists():
            rows = self.read()
        else:
            from schemas.published import Landings as Rows  # and Pandera with it

            rows = pl.DataFrame(schema=dtypes(Rows))
        return rows.filter(pl.col("landed_on") <= dt.date.fromisoformat(date)).sort("landed_on")


class PartTable(PublishedTable):
    """The part of the study that a newcomer was given, by the date of the training that gave it; it never changes.
    Patient data."""

    name, partition = "parts", "given_on"

    def give(self, date: str, frame: pl.DataFrame) -> None:
        """Add people to those who were given their part on a date."""
        from schemas.published import Parts, check_published

        held = self.read(date) if self.exists() else frame.clear()
        frame = pl.concat([held.select(frame.columns), frame]).sort("person_id")
        check_published(frame, Parts)
        self.replace(date, frame)
