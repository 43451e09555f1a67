"""A table whose cells were read and held against every rule, before it is split."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandera.polars as pa
import polars as pl

from schemas.fields import CHECK_RULES, ModelView
from schemas.fields.person_key import as_declared
from schemas.reading.text_table import TextTable
from schemas.splitting.checking import check
from schemas.splitting.parsing import NOTES, ROW, parse


@dataclass(frozen=True)
class CheckedTable:
    """A table whose cells were parsed and checked; ``text`` is None where the table is absent."""

    model: type[pa.DataFrameModel]
    text: TextTable | None
    values: pl.DataFrame = field(repr=False)
    notes: pl.DataFrame

    @property
    def keys(self) -> pl.Series:
        """The person key of every row that could be read, null where it is malformed or missing."""
        return self.values[ModelView.of(self.model).key]

    def broken_keys(self) -> list[str | None]:
        """The person key of every broken row, as far as it stands where the header says."""
        if self.text is None or not self.text.broken:
            return []
        view = ModelView.of(self.model)
        place = self.text.header.index(view.key)
        cells = [row.fields[place].strip() if place < len(row.fields) else None for row in self.text.broken]
        pattern = view.key_pattern
        keys = pl.DataFrame({"key": cells}, schema={"key": pl.String}).select(as_declared("key", pattern)).to_series()
        return [key if fits else None for key, fits in zip(keys, keys.str.contains(pattern), strict=True)]


def check_table(text: TextTable | None, model: type[pa.DataFrameModel]) -> CheckedTable:
    """Parse and check the rows of ``text``; whether a person has several is for the caller to see."""
    view = ModelView.of(model)
    if text is None:
        return CheckedTable(model, None, pl.DataFrame(schema=view.dtypes), pl.DataFrame(schema=NOTES))
    values, parsed = parse(text.frame, model)
    return CheckedTable(model, text, values, pl.concat([parsed, _failed(values, model, parsed)]))


def _failed(values: pl.DataFrame, model: type[pa.DataFrameModel], parsed: pl.DataFrame) -> pl.DataFrame:
    """Notes on the cells that fail a check; an unreadable cell is null by now, and not missing for a second reason."""
    # Pandera takes two missing keys for duplicates; a key that is really repeated is a fault of the table
    failed = check(values, model).filter(pl.col("rule") != "duplicate_key")
    of_one = pl.col("rule").is_in(list(CHECK_RULES.values()))
    alone = failed.filter(of_one)
    across = failed.filter(~of_one)
    if alone.height and across.height:  # a value that cannot be on its own says nothing about the others
        across = check(emptied(values, alone), model, across=True).filter(~of_one)
    if alone.height:
        alone = alone.join(parsed, on=[ROW, "column"], how="anti", maintain_order="left")
    return pl.concat([alone, across])


def emptied(values: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """``values`` with null in the noted ``cells``."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    return values.with_columns(
        pl.when(~row.is_in(part[ROW].implode())).then(pl.col(str(column))).alias(str(column))
        for (column,), part in cells.group_by("column", maintain_order=True)
    )
