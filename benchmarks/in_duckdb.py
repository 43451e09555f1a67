"""The tables of NHANES by DuckDB: read, codes and ranges checked cell by cell, and joined, in one SQL statement.

It makes no feature, and says of no cell or row what became of it: a text that is no number is an empty cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.columns import ADULT_YEARS, KEY, PERSONS, Column, columns_by_table


def joined(folder: Path, scratch: Path) -> Any:
    """One row an adult with every column that features are made of, kept in the connection that is given."""
    import duckdb

    database = duckdb.connect(config={"threads": 1, "temp_directory": str(scratch)})
    database.execute("SET preserve_insertion_order = false")
    tables = columns_by_table()
    names = [f"{table}.{column}" for table, columns in tables.items() for column in columns]
    joins = " ".join(f"LEFT JOIN {table} USING ({KEY})" for table in tables if table != PERSONS)
    parts = ", ".join(f"{table} AS ({_select(folder, table, columns)})" for table, columns in tables.items())
    database.execute(
        f"CREATE TABLE wide AS WITH {parts} SELECT {PERSONS}.{KEY}, {', '.join(names)} FROM {PERSONS} {joins} "
        f"WHERE RIDAGEYR >= {ADULT_YEARS} ORDER BY {PERSONS}.{KEY}"
    )
    return database


def _select(folder: Path, table: str, columns: dict[str, Column]) -> str:
    file = folder / f"{table}.csv"
    source = f"read_csv('{file}', all_varchar = true)"
    if not file.is_file():
        source = f"read_parquet('{file.with_suffix('.parquet')}')"
    cells = ", ".join(f"{_cleaned(name, column)} AS {name}" for name, column in columns.items())
    return f"SELECT {KEY}, {cells} FROM {source}"


def _cleaned(name: str, column: Column) -> str:
    if column.labels:
        cell = f"TRY_CAST({name} AS DOUBLE)" if column.is_coded else name
        return f"CASE {cell} {' '.join(_labels(column))} END"
    if column.is_clock:
        hours, minutes = (f"TRY_CAST(regexp_extract({name}, '(\\d+):(\\d\\d)', {part}) AS INTEGER)" for part in (1, 2))
        return f"60 * {hours} + {minutes}"
    words = "".join(f" WHEN {_text(word)} THEN {value}" for word, value in column.words.items())
    number = f"TRY_CAST({name} AS DOUBLE)"
    number = f"CASE CAST({name} AS VARCHAR){words} ELSE {number} END" if words else number
    when = [f"WHEN {number} = {code} THEN {'NULL' if value is None else value}" for code, value in column.codes.items()]
    if column.sas_zero:
        when.append(f"WHEN {number} BETWEEN 5.39e-79 AND 5.41e-79 THEN 0")
    low, high = (f"'{bound}'::DOUBLE" if math.isinf(bound) else str(bound) for bound in (column.low, column.high))
    return f"CASE {' '.join(when)} WHEN {number} BETWEEN {low} AND {high} THEN {number} END"


def _labels(column: Column) -> Iterator[str]:
    for label, name in column.labels.items():
        yield f"WHEN {label if column.is_coded else _text(label)} THEN {'NULL' if name is None else _text(name)}"


def _text(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
