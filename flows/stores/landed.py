"""The tables of what drops brought: their rows by the date they came, a line a date, and the parts of newcomers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from flows.stores.published import PublishedTable, dtypes
from flows.stores.store import RowKey
from schemas.splitting.side_by_side import cell, is_cell, named, repeated

TOGETHER = 50_000  # rows of small files that are looked at together
WHERE = ("person_id", "file", "line", "landed_on")
"""What readers get of a row beside its cells."""


class LandedTable(PublishedTable):
    """Rows of drops that kept the contract, as text, by the date on which they came; nothing is ever overwritten but
    a date that lands again. Patient data."""

    name, partition = "landed", "landed_on"

    def land(self, date: str, frames: Iterable[pl.DataFrame]) -> None:
        """Replace one date by rows that are held together, as :func:`as_landed` gives them."""
        own = pl.lit(dt.date.fromisoformat(date)).alias(self.partition)
        dated = (frame.with_columns(own).cast({pl.Categorical: pl.String, pl.Enum: pl.String}) for frame in frames)
        rows = pl.concat([pl.DataFrame(schema=_fixed()), *dated], how="diagonal")
        missing = [name for name in self._schema(sum(map(is_cell, rows.columns))) if name not in rows.columns]
        self.replace(date, rows.with_columns(pl.lit(None, pl.String).alias(name) for name in missing))

    def land_files(self, date: str, files: Sequence[Path], n_cells: int) -> None:
        """Replace one date by files of such rows, which are taken in as they are; ``n_cells`` is the most of a row."""
        from flows.stores.ready import ReadyFiles  # not where a table is only read

        own = pl.lit(dt.date.fromisoformat(date)).alias(self.partition)
        self.replace(date, ReadyFiles(files, self._schema(n_cells), own, bounded=("table", "person_id")))

    def _schema(self, n_cells: int) -> pl.Schema:
        """The table's columns once it holds rows of so many cells."""
        n_held = sum(map(is_cell, next(self.store.frames()).columns)) if self.exists() else 0
        cells = (cell(place) for place in range(max(n_cells, n_held)))
        return pl.Schema({**_fixed(), **dict.fromkeys(cells, pl.String)})

    def people_among(self, keys: pl.Series, person_table: str, *, before: str | None = None) -> pl.Series:
        """Those of some keys that are of people who have a row in the person table of any date, or one before."""
        found = [pl.Series(dtype=pl.String)]
        last = dt.date.max if before is None else dt.date.fromisoformat(before)
        if self.exists():
            for frame in self.store.frames(only=("table", person_table), columns=["table", "person_id", "landed_on"]):
                held = frame.filter(pl.col("landed_on") < last)["person_id"]
                found.append(held.filter(held.is_in(keys.implode())))
        return pl.concat(found).unique()

    def by_table(
        self, date: str, tables: Mapping[str, Sequence[str]], *, at_once: bool
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """The rows of some raw tables that had landed by the end of a date, table by table.

        Args:
            date: ISO date.
            tables: the columns to give of each, see :meth:`until`.
            at_once: read all of them in one pass, which takes memory for all and a table's share of the time.
        """
        if not at_once:
            yield from ((name, self.until(date, name, columns)) for name, columns in tables.items())
            return
        parts: dict[str, list[pl.DataFrame]] = {name: [_none_of(columns)] for name, columns in tables.items()}
        wanted = pl.col("landed_on") <= dt.date.fromisoformat(date)
        for frame in _together(each.filter(wanted) for each in self.store.frames()):
            for (name,), rows in frame.partition_by("table", as_dict=True).items():
                if name in parts:
                    parts[name].append(named(rows, tables[name], WHERE))
        yield from ((name, pl.concat(parts.pop(name))) for name in tables)

    def until(self, date: str, table: str, columns: Sequence[str], *, people: pl.Series | None = None) -> pl.DataFrame:
        """The rows of one raw table that had landed by the end of a date.

        Args:
            date: ISO date.
            table: the raw table.
            columns: those of its columns to give: text, null where a row's file lacked the column.
            people: the only ones, so that no others are held; all if left out.

        Returns:
            ``person_id``, ``file``, ``line``, ``landed_on`` and the columns.
        """
        wanted = pl.col("landed_on") <= dt.date.fromisoformat(date)
        if people is not None:
            wanted &= pl.col("person_id").is_in(people.implode())
        frames = self.store.frames(only=("table", table))
        return pl.concat([_none_of(columns), *(named(frame.filter(wanted), columns, WHERE) for frame in frames)])


def as_landed(rows: pl.DataFrame, date: str, run_id: str) -> pl.DataFrame:
    """Checked rows of one raw table as they stand in a file of the table, which knows the date by itself.

    Args:
        rows: see :func:`schemas.splitting.kept.kept_rows`.
        date, run_id: the run's.
    """
    from schemas.published import Landed, check_published

    own = {"row": pl.lit(None, pl.String), "landed_on": pl.lit(dt.date.fromisoformat(date))}
    whole = rows.with_columns(repeated(run_id, rows.height).alias("run_id"))
    if not _is_sound(whole):  # the whole check takes a third of the time of landing
        check_published(whole.with_columns(**own).select(*_fixed()).cast(pl.Schema(_fixed())), Landed)
    return whole


def _is_sound(rows: pl.DataFrame) -> bool:
    """Whether rows keep the contract of what landed, as far as a look can tell that takes no time."""
    fixed = [name for name in _fixed() if name not in ("row", "landed_on")]
    texts = all(isinstance(rows[name].dtype, pl.String | pl.Enum) for name in fixed if name != "line")
    whole = rows["line"].dtype == pl.Int64 and not any(rows[name].null_count() for name in fixed)
    least: int | None = rows["line"].min()  # type: ignore[assignment]
    return texts and whole and least is not None and least >= 1


def _together(frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Small frames of one schema as fewer large ones: to look at each takes longer than at all of their rows."""
    held: list[pl.DataFrame] = []
    for frame in frames:
        held.append(frame)
        if sum(each.height for each in held) >= TOGETHER:
            yield pl.concat(held)
            held = []
    if held:
        yield pl.concat(held)


def _fixed() -> dict[str, Any]:
    from schemas.published import Landed

    return dtypes(Landed)


def _none_of(columns: Sequence[str]) -> pl.DataFrame:
    where = dict.fromkeys(WHERE, pl.String) | {"line": pl.Int64, "landed_on": pl.Date}
    return pl.DataFrame(schema=where | dict.fromkeys(columns, pl.String))


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
