"""The folder of what landed, written: newcomers with their parts, and the rows that differ from the raw tables."""

from __future__ import annotations

import datetime as dt
import shutil
from functools import partial
from pathlib import Path

import polars as pl

from flows.features.newcomers import as_split, parts_of
from flows.features.splits import read_split_file
from flows.nightly.landing.newest import columns_of, newest_rows
from flows.project.paths import replace_file
from flows.stores.valid import NEWCOMERS
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.fields import ModelView
from schemas.reading.folder import find_table
from schemas.reading.source import read_table
from schemas.splitting.intake import TABLES, landed_rows


def write_landed(study: Study, date: str, folder: Path, *, at_once: bool) -> int:
    """Replace the folder, and give the number of newcomers.

    Args:
        study: the study.
        date: the last whose rows count.
        folder: where what differs from the raw tables is written.
        at_once: whether to read all rows that landed in one pass; else one for each table.
    """
    partial_folder = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial_folder, ignore_errors=True)
    contract = study.contract
    newcomers = pl.DataFrame(schema={PERSON: pl.String})
    views = {name: ModelView.of(model) for name, model in contract.tables.items()}
    columns = {name: columns_of(view) for name, view in views.items()}
    for name, rows in study.tables.landed.by_table(date, columns, at_once=at_once):
        model, view = contract.tables[name], views[name]
        newest = newest_rows(rows, view)
        if newest.is_empty():
            continue
        if name == contract.person_table:
            newcomers = _newcomers(study, date, newest[view.key])
        path = find_table(study.paths.raw, name)
        text = read_table(path, model, table=name) if path else None
        changed = landed_rows(newest, text, view)
        if changed.height:
            replace_file(partial_folder / TABLES / f"{name}.parquet", partial(_parquet, changed))
    if newcomers.height:
        replace_file(partial_folder / NEWCOMERS, partial(_parquet, newcomers))
    shutil.rmtree(folder, ignore_errors=True)
    if partial_folder.exists():
        partial_folder.replace(folder)
    return newcomers.height


def _parquet(frame: pl.DataFrame, path: Path) -> None:
    frame.write_parquet(path)


def _newcomers(study: Study, date: str, people: pl.Series) -> pl.DataFrame:
    """The people without a place in the split file, and those who were given a part before they had one there.

    Whoever has no part yet is given one, for ever.
    """
    split = read_split_file(study.paths.raw / study.settings.split.file, study.settings.split)
    table = study.tables.parts
    given = table.read() if table.exists() else pl.DataFrame(schema={PERSON: pl.String, "part": pl.String})
    strange = people.filter(~people.is_in(split[PERSON].implode()) & ~people.is_in(given[PERSON].implode()))
    new = parts_of(strange.sort(), split)
    if new.height:
        table.give(date, new.with_columns(pl.lit(dt.date.fromisoformat(date)).alias("given_on")))
    known = pl.concat([given.select(PERSON, "part"), new]).filter(pl.col(PERSON).is_in(people.implode()))
    return as_split(known, split)
