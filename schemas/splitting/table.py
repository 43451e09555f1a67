"""Splitting a checked table into the rows that go on and the rejects, no row lost on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from schemas.faults import ContractError
from schemas.fields import ModelView
from schemas.reading.key_places import KeyPlaces
from schemas.splitting.checked import CheckedTable, emptied
from schemas.splitting.checking import check
from schemas.splitting.kept import kept_rows
from schemas.splitting.looks import looks_of
from schemas.splitting.parsing import EFFECT, ROW
from schemas.splitting.rejects import rejects_of
from schemas.splitting.results import TableResult

Known = Callable[[pl.Series], pl.Series]
"""Tells of keys which of them are of people who came before."""
Keep = Callable[[pl.DataFrame], None]
"""Is handed a table's rows that were not rejected, as they stand in their file, see :mod:`schemas.splitting.kept`."""


@dataclass(frozen=True)
class Persons:
    """Keys of the person table's rows, by whether the row goes on, and what tells who came before."""

    valid: pl.Series = field(repr=False)
    rejected: pl.Series = field(repr=False)
    before: Known | None = None

    @property
    def all(self) -> pl.Series:
        """The keys of both."""
        return pl.concat([self.valid, self.rejected])

    @cached_property
    def _places(self) -> KeyPlaces:
        return KeyPlaces(self.valid)

    def knows(self, keys: pl.Series) -> pl.Series:
        """For each key whether it is a person's whose row goes on; null for no key."""
        known = pl.DataFrame({"key": keys, "known": self._places.of(keys) >= 0})
        return known.select(pl.when(pl.col("key").is_not_null()).then("known")).to_series()

    @classmethod
    def of(cls, table: CheckedTable, before: Known | None = None) -> Persons:
        """The persons of the person table."""
        rejected = table.keys.to_frame().with_row_index(ROW)[ROW].is_in(_rejected_rows(table.notes).implode())
        broken = pl.Series(table.keys.name, table.broken_keys(), dtype=pl.String)
        return cls(table.keys.filter(~rejected), pl.concat([table.keys.filter(rejected), broken]).drop_nulls(), before)

    def late(self, keys: pl.Series, known: pl.Series) -> pl.Series:
        """Which keys are of people who came before and have no row in this person table.

        Args:
            keys: one a row.
            known: which of them are those of a person here; null for no key.
        """
        strange = keys.filter(~known).unique()
        if self.before is None or strange.is_empty():
            return pl.repeat(False, keys.len(), dtype=pl.Boolean, eager=True)
        mine = self.rejected.implode()
        came = strange.filter(~strange.is_in(mine) & self.before(strange))
        return keys.is_in(came.implode()).fill_null(value=False)


def split_table(
    table: CheckedTable, persons: Persons | None, known: pl.Series | None = None, keep: Keep | None = None
) -> TableResult:
    """Split ``table``.

    Args:
        table: the table.
        persons: those of the person table, or None for the person table itself.
        known: which of the table's keys are theirs, as they know them.
        keep: is handed the rows that are not rejected.
    """
    view = ModelView.of(table.model)
    notes = table.notes
    late = pl.Series(dtype=pl.UInt32)
    if persons is not None:
        known = persons.knows(table.keys) if known is None else known
        if not known.all():
            came = persons.late(table.keys, known)
            notes = pl.concat([notes, _person_notes(table, persons, known | came)])
            late = came.arg_true()
    rejected = _rejected_rows(notes)
    if keep is not None:
        keep(kept_rows(table, rejected))
    late = late.filter(~late.is_in(rejected.implode()))
    out = pl.concat([rejected, late.cast(rejected.dtype)])
    valid = emptied(table.values, notes.filter(pl.col("effect") == "null"))
    if out.len():
        valid = valid.with_row_index(ROW).filter(~pl.col(ROW).is_in(out.implode())).drop(ROW)
    if (rejected.len() or (notes["effect"] == "null").any()) and (left := check(valid, table.model)).height:
        cells = ", ".join(sorted({f"{column} ({rule})" for column, rule in left.select("column", "rule").rows()}))
        raise ContractError(f"{view.name}: rules still fail after others emptied cells: {cells}; mend the contract")
    looks, undeclared = looks_of(table.text.frame, table.notes, view) if table.text else ({}, {})
    kept = notes.filter(~pl.col(ROW).is_in(out.implode())) if out.len() else notes

    def of_effect(*effects: str) -> pl.DataFrame:
        return kept.filter(pl.col("effect").is_in(effects))

    name, file = (table.text.table, table.text.file) if table.text else (view.name, None)
    result = TableResult(
        table=name,
        file=file,
        n_rows=table.text.n_rows if table.text else 0,
        valid=valid,
        rejects=rejects_of(table, notes, rejected),
        nulled=_counts(of_effect("answer", "null"), view),
        recoded=_counts(of_effect("recoded"), view),
        broken={column: sum(rules.values()) for column, rules in _counts(of_effect("null"), view).items()},
        absent=tuple(name for name in view.rules if table.text is not None and name not in table.text.frame.columns),
        looks=looks,
        undeclared=undeclared,
        n_late=late.len(),
    )
    if result.n_rows != result.n_valid + result.n_rejected + result.n_late:
        raise ContractError(
            f"{name}: {result.n_rows} rows in, but {result.n_valid} valid, {result.n_late} late and "
            f"{result.n_rejected} rejected"
        )
    return result


def _rejected_rows(notes: pl.DataFrame) -> pl.Series:
    return notes.filter(pl.col("effect") == "reject")[ROW].unique().sort()


def _person_notes(table: CheckedTable, persons: Persons, known: pl.Series) -> pl.DataFrame:
    key = pl.col(table.keys.name)
    rule = (
        pl.when(key.is_in(persons.rejected.implode()))
        .then(pl.lit("person_rejected"))
        .otherwise(pl.lit("unknown_person"))
    )
    return (
        table.keys.to_frame()
        .with_row_index(ROW)
        .filter(~known)
        .select(
            ROW, pl.lit(table.keys.name).alias("column"), rule.alias("rule"),
            pl.lit("reject").cast(EFFECT).alias("effect"),
        )
    )  # fmt: skip


def _counts(notes: pl.DataFrame, view: ModelView) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    if notes.is_empty():
        return counts
    order = {name: place for place, name in enumerate(view.rules)}
    rows = notes.group_by("column", "rule").len().rows()
    for column, rule, count in sorted(rows, key=lambda item: (order[item[0]], item[1])):
        counts.setdefault(column, {})[rule] = count
    return counts
