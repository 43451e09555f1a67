"""One table from text to typed rows and rejects, no row lost on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pandera.polars as pa
import polars as pl

from schemas.faults import ContractError
from schemas.fields import CHECK_RULES, ModelView
from schemas.fields.person_key import as_declared
from schemas.reading.keys import check_repeats
from schemas.reading.text_table import BrokenRow, TextTable
from schemas.splitting.checking import check
from schemas.splitting.looks import looks_of
from schemas.splitting.parsing import EFFECT, NOTES, ROW, parse
from schemas.splitting.results import REJECTS, TableResult


@dataclass(frozen=True)
class CheckedTable:
    """A table whose cells were parsed and checked, before it is split; ``text`` is None where the table is absent."""

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


@dataclass(frozen=True)
class Persons:
    """Keys of the person table's rows, by whether the row goes on."""

    valid: pl.Series = field(repr=False)
    rejected: pl.Series = field(repr=False)

    @property
    def all(self) -> pl.Series:
        """The keys of both."""
        return pl.concat([self.valid, self.rejected])

    @classmethod
    def of(cls, table: CheckedTable) -> Persons:
        """The persons of the person table."""
        rejected = table.keys.to_frame().with_row_index(ROW)[ROW].is_in(_rejected_rows(table.notes).implode())
        broken = pl.Series(table.keys.name, table.broken_keys(), dtype=pl.String)
        return cls(table.keys.filter(~rejected), pl.concat([table.keys.filter(rejected), broken]).drop_nulls())


def check_table(text: TextTable | None, model: type[pa.DataFrameModel]) -> CheckedTable:
    """Parse and check the rows of ``text``.

    Raises:
        TableFault: if a person has more than one row.
    """
    view = ModelView.of(model)
    if text is None:
        return CheckedTable(model, None, pl.DataFrame(schema=view.dtypes), pl.DataFrame(schema=NOTES))
    values, parsed = parse(text.frame, model)
    check_repeats(values[view.key], text)
    return CheckedTable(model, text, values, pl.concat([parsed, _failed(values, model, parsed)]))


def _failed(values: pl.DataFrame, model: type[pa.DataFrameModel], parsed: pl.DataFrame) -> pl.DataFrame:
    """Notes on the cells that fail a check; an unreadable cell is null by now, and not missing for a second reason."""
    # Pandera takes two missing keys for duplicates; a key that is really repeated has stopped the table before
    failed = check(values, model).filter(pl.col("rule") != "duplicate_key")
    of_one = pl.col("rule").is_in(list(CHECK_RULES.values()))
    alone = failed.filter(of_one)
    across = failed.filter(~of_one)
    if alone.height and across.height:  # a value that cannot be on its own says nothing about the others
        across = check(_emptied(values, alone), model).filter(~of_one)
    alone = alone.join(parsed, on=[ROW, "column"], how="anti", maintain_order="left")
    return pl.concat([alone, across])


def split_table(table: CheckedTable, persons: Persons | None) -> TableResult:
    """Split ``table``; ``persons`` are those of the person table, or None for the person table itself."""
    view = ModelView.of(table.model)
    notes = table.notes if persons is None else pl.concat([table.notes, _person_notes(table, persons)])
    rejected = _rejected_rows(notes)
    valid = (
        _emptied(table.values, notes.filter(pl.col("effect") == "null"))
        .with_row_index(ROW)
        .filter(~pl.col(ROW).is_in(rejected.implode()))
        .drop(ROW)
    )
    if (rejected.len() or (notes["effect"] == "null").any()) and (left := check(valid, table.model)).height:
        cells = ", ".join(sorted({f"{column} ({rule})" for column, rule in left.select("column", "rule").rows()}))
        raise ContractError(f"{view.name}: rules still fail after others emptied cells: {cells}; mend the contract")
    kept = notes.filter(~pl.col(ROW).is_in(rejected.implode()))
    name, file = (table.text.table, table.text.file) if table.text else (view.name, None)
    result = TableResult(
        table=name,
        file=file,
        n_rows=table.text.n_rows if table.text else 0,
        valid=valid,
        rejects=_rejects(table, notes, rejected),
        nulled=_counts(kept.filter(pl.col("effect").is_in(["answer", "null"])), view),
        recoded=_counts(kept.filter(pl.col("effect") == "recoded"), view),
        broken={
            column: sum(rules.values())
            for column, rules in _counts(kept.filter(pl.col("effect") == "null"), view).items()
        },
        absent=tuple(name for name in view.rules if table.text is not None and name not in table.text.frame.columns),
        looks=looks_of(table.text.frame, table.notes, view) if table.text else {},
    )
    if result.n_rows != result.n_valid + result.n_rejected:
        raise ContractError(
            f"{name}: {result.n_rows} rows in, but {result.n_valid} valid and {result.n_rejected} rejected"
        )
    return result


def _rejected_rows(notes: pl.DataFrame) -> pl.Series:
    return notes.filter(pl.col("effect") == "reject")[ROW].unique().sort()


def _person_notes(table: CheckedTable, persons: Persons) -> pl.DataFrame:
    key = pl.col(table.keys.name)
    known = key.is_in(persons.valid.implode())
    rule = (
        pl.when(key.is_in(persons.rejected.implode()))
        .then(pl.lit("person_rejected"))
        .otherwise(pl.lit("unknown_person"))
    )
    return (
        table.keys.to_frame()
        .with_row_index(ROW)
        .filter(key.is_not_null() & ~known)
        .select(
            ROW, pl.lit(table.keys.name).alias("column"), rule.alias("rule"),
            pl.lit("reject").cast(EFFECT).alias("effect"),
        )
    )  # fmt: skip


def _emptied(values: pl.DataFrame, cells: pl.DataFrame) -> pl.DataFrame:
    """``values`` with null in the noted ``cells``."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    return values.with_columns(
        pl.when(~row.is_in(part[ROW].implode())).then(pl.col(str(column))).alias(str(column))
        for (column,), part in cells.group_by("column", maintain_order=True)
    )


def _rejects(table: CheckedTable, notes: pl.DataFrame, rejected: pl.Series) -> pl.DataFrame:
    text = table.text
    if text is None or not (rejected.len() or text.broken):
        return pl.DataFrame(schema=REJECTS)
    order = pl.Enum(list(table.values.columns))
    reasons = (
        notes.filter(pl.col("effect").is_in(["null", "reject"]) & pl.col(ROW).is_in(rejected.implode()))
        .sort(ROW, pl.col("column").cast(order), "rule")
        .group_by(ROW, maintain_order=True)
        .agg(pl.struct("column", "rule").alias("reasons"))
    )
    at = rejected.to_list()
    files = text.files if text.files is not None else pl.repeat(text.file, text.frame.height, eager=True)
    whole = pl.DataFrame(
        {
            "table": text.table,
            "file": files.gather(at).cast(pl.String),
            "line": text.lines.gather(at),
            "person_id": table.keys.gather(at),
            "row": text.frame.to_struct("row").gather(at).struct.json_encode(),
            "reasons": reasons["reasons"],
        }
    )
    broken = _broken_rejects(text, table.broken_keys())
    return pl.concat([pl.DataFrame(schema=REJECTS), whole, broken]).sort("file", "line")


def _broken_rejects(text: TextTable, keys: list[str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "table": [text.table] * len(text.broken),
            "file": [row.file for row in text.broken],
            "line": [row.line for row in text.broken],
            "person_id": keys,
            "row": [_row_json(text.header, row) for row in text.broken],
            "reasons": [[{"column": None, "rule": row.rule}] for row in text.broken],
        },
        schema=REJECTS,
    )


def _row_json(header: tuple[str, ...], row: BrokenRow) -> str:
    names = [*header, *(f"field {place}" for place in range(len(header) + 1, len(row.fields) + 1))]
    return json.dumps(dict(zip(names, row.fields, strict=False)), ensure_ascii=False)


def _counts(notes: pl.DataFrame, view: ModelView) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    order = {name: place for place, name in enumerate(view.rules)}
    rows = notes.group_by("column", "rule").len().rows()
    for column, rule, count in sorted(rows, key=lambda item: (order[item[0]], item[1])):
        counts.setdefault(column, {})[rule] = count
    return counts
