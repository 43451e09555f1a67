"""What validation gives back: the rows that go on, the rows that do not, and the counts of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

Counts = Mapping[str, Mapping[str, int]]

WHOLE_ROW = "whole row"  # in place of a column: it cannot be told which value belongs where
REASON = pl.Struct({"column": pl.String, "rule": pl.String})
REJECTS: dict[str, Any] = {
    "table": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "person_id": pl.String,
    "row": pl.String,
    "reasons": pl.List(REASON),
}


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """One table, split.

    Attributes:
        table: name of the table.
        file: name of its file; None where the table was allowed to be absent and is.
        n_rows, n_valid, n_rejected: rows of the file, and how they split; the rest of them are ``n_late``.
        valid: the rows that keep the contract, with the model's columns and dtypes.
        rejects: every other row: ``table``, ``file``, ``line``, ``person_id``, ``row`` (the raw text by column,
            as JSON) and ``reasons`` (column and rule). Patient data.
        nulled: cells of ``valid`` that were emptied, by column and rule.
        broken: those of them that broke a rule and were no declared non-answer, by column.
        recoded: cells of ``valid`` that were read as the number that their code stands for, by column and rule.
        absent: columns that the file was allowed to lack and lacks.
        looks: what the cells that broke a rule look like, rejected rows included, by column.
        undeclared: the distinct cells among them that are none of a column's labels, by column. Patient data.
        n_late: rows that keep the contract and are about people who came before; they are in no other count.
    """

    table: str
    file: str | None
    n_rows: int
    valid: pl.DataFrame = field(repr=False)  # rows have no place in a log, however they get there
    rejects: pl.DataFrame = field(repr=False)
    nulled: Counts
    recoded: Counts
    broken: Mapping[str, int]
    absent: tuple[str, ...]
    looks: Counts
    undeclared: Mapping[str, pl.Series] = field(default_factory=dict, repr=False)
    n_late: int = 0

    @property
    def n_valid(self) -> int:
        """Rows that go on."""
        return self.valid.height

    @property
    def n_rejected(self) -> int:
        """Rows that do not."""
        return self.rejects.height

    @property
    def rejected_by_rule(self) -> dict[str, int]:
        """Rejected rows by rule; a row with several reasons counts under each."""
        rules = self.rejects.select(pl.col("reasons").list.eval(pl.element().struct.field("rule")).list.unique())
        counts = rules.explode("reasons").to_series().value_counts()
        return {rule: count for rule, count in sorted(counts.rows()) if rule is not None}

    @property
    def rejected_by_column_and_rule(self) -> dict[str, dict[str, int]]:
        """Rejected rows by column and rule, columns in the model's order; a row as a whole goes by ``WHOLE_ROW``."""
        reasons = self.rejects.select(pl.col("reasons").explode()).unnest("reasons").drop_nulls("rule")
        place = {name: i for i, name in enumerate([*self.valid.columns, WHOLE_ROW])}
        found = reasons.group_by(pl.col("column").fill_null(WHOLE_ROW), "rule").len().rows()
        counts: dict[str, dict[str, int]] = {}
        for column, rule, count in sorted(found, key=lambda row: (place[row[0]], row[1])):
            counts.setdefault(column, {})[rule] = count
        return counts

    @property
    def empty(self) -> dict[str, int]:
        """Cells of ``valid`` that were delivered empty, by column; columns without any are left out."""
        empty = {
            name: self.valid[name].null_count() - sum(self.nulled.get(name, {}).values())
            for name in self.valid.columns
            if name not in self.absent
        }
        return {name: count for name, count in empty.items() if count}

    def summary(self) -> dict[str, Any]:
        """Counts only, as plain JSON types in a fixed order."""
        return {
            "n_rows": self.n_rows,
            "n_valid": self.n_valid,
            "n_rejected": self.n_rejected,
            **({"n_late": self.n_late} if self.n_late else {}),
            "rejected_by_rule": self.rejected_by_rule,
            "rejected_by_column_and_rule": self.rejected_by_column_and_rule,
            "nulled_by_column_and_rule": {column: dict(rules) for column, rules in self.nulled.items()},
            "recoded_by_column_and_rule": {column: dict(rules) for column, rules in self.recoded.items()},
            "broken_by_column": dict(self.broken),
            "empty_by_column": self.empty,
            "looks_by_column": {column: dict(looks) for column, looks in self.looks.items()},
            "absent_columns": list(self.absent),
        }


@dataclass(frozen=True, kw_only=True)
class StudyResult:
    """All tables of a study, split; in the contract's order."""

    study: str
    tables: Mapping[str, TableResult]

    @property
    def rejects(self) -> pl.DataFrame:
        """The rejects of all tables. Patient data."""
        return pl.concat([pl.DataFrame(schema=REJECTS), *(result.rejects for result in self.tables.values())])

    @property
    def absent(self) -> tuple[str, ...]:
        """The tables that were allowed to be absent and are."""
        return tuple(name for name, result in self.tables.items() if result.file is None)

    def summary(self) -> dict[str, Any]:
        """Counts only, as plain JSON types in a fixed order."""
        tables = {name: result.summary() for name, result in self.tables.items()}
        return {"study": self.study, "absent": list(self.absent), "tables": tables}
