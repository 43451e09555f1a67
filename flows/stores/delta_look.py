"""Looking at a part of a Delta table whatever its size: its log counts the rows, and no row is held."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import polars as pl

from flows.stores.delta_files import files_of, open_table
from flows.stores.store import Look
from schemas.reading.places import scan


def look_at(folder: Path, where: tuple[str, str], shown: str, version: int | None = None) -> Look | None:
    """What the files of a partition hold; None where there is no row.

    Counts come from the log; those that it lacks (it has them of some types, and of a table's first columns alone) from
    the files, a column at a time.

    Args:
        folder: the table.
        where: its partition column, and a value.
        shown: a column of text, of which the first row's is given.
        version: of the table; the newest if left out.
    """
    table = open_table(folder, version)
    schema = pl.Schema(table.schema().to_arrow())
    files = files_of(table, where).filter(pl.col("num_records") > 0)
    if files.is_empty():
        return None
    empty = dict.fromkeys(schema.names(), 0)
    for file in files.iter_rows(named=True):
        found = scan(folder / unquote(file["path"]))
        inside = set(found.collect_schema())
        for column in empty:
            if f"partition.{column}" in file:
                continue
            count = file["num_records"] if column not in inside else file.get(f"null_count.{column}")
            empty[column] += found.select(pl.col(column).null_count()).collect().item() if count is None else count
    first = scan(folder / unquote(files["path"][0])).select(pl.col(shown).head(1)).collect().item()
    return Look(int(files["num_records"].sum()), schema, empty, first)
