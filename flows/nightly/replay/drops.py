"""The drops of a replay: new people without outcomes, outcomes some nights later, rows set right, a broken file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from flows.features.view import is_hidden
from flows.nightly.replay.place import RawTable, raw_tables
from flows.project.settings import ReplaySettings
from flows.study.study import Study
from schemas.fields import ModelView


@dataclass(frozen=True)
class Drops:
    """What arrives.

    Attributes:
        study: the study whose people arrive.
        replay: how many, and how.
        nights: who arrives in which night.
    """

    study: Study
    replay: ReplaySettings
    nights: list[pl.Series]

    def write(self, night: int, folder: Path, *, broken: bool = False) -> None:
        """Write the drop of a night, counted from 0, into ``folder``; a broken one is cut off in the middle."""
        folder.mkdir(parents=True, exist_ok=True)
        for table in self._tables:
            rows = pl.concat(self._rows(table, night), how="diagonal")
            if rows.height and rows.width > 1:
                path = table.write(folder, rows)
                if broken and table.name == self.study.contract.person_table:
                    content = path.read_bytes()
                    path.write_bytes(content[: len(content) // 2])

    def _rows(self, table: RawTable, night: int) -> list[pl.DataFrame]:
        """New people as they are scored, outcomes of those of some nights before, and rows that were wrong."""
        visible = self._visible(table)
        new = table.of(self.nights[night]).select(visible)
        wrong = self._wrong_column
        if wrong and wrong[0] == table.name:
            at = new[self._key].cast(pl.String).is_in(self.nights[night].head(self.replay.corrections).implode())
            new = new.with_columns(pl.when(at).then(None).otherwise(pl.col(wrong[1])).alias(wrong[1]))
        found = [new]
        earlier = night - self.replay.delay
        if earlier >= 0 and len(visible) < table.frame.width:
            found.append(table.of(self.nights[earlier]))
        earlier = night - self.replay.corrected_after
        if wrong and wrong[0] == table.name and earlier >= 0:
            mended = table.of(self.nights[earlier].head(self.replay.corrections))
            known = pl.concat([frame[self._key] for frame in found])
            found.append(mended.filter(~pl.col(self._key).is_in(known.implode())).select(visible))
        return found

    @property
    def _key(self) -> str:
        return self.study.contract.person_key

    def _visible(self, table: RawTable) -> list[str]:
        hidden = self.study.hidden
        return [name for name in table.frame.columns if name == self._key or not is_hidden(table.name, name, hidden)]

    @cached_property
    def _tables(self) -> list[RawTable]:
        return list(raw_tables(self.study))

    @cached_property
    def _wrong_column(self) -> tuple[str, str] | None:
        """The first column that a feature may read and that may be empty: there the first delivery is wrong."""
        tables = {table.name: table for table in self._tables}
        contract = self.study.contract
        for name in sorted(contract.tables, key=lambda name: name == contract.person_table):
            rules = ModelView.of(contract.tables[name]).rules
            for column in self._visible(tables[name]):
                if column != self._key and column in rules and rules[column].nullable:
                    return name, column
        return None
