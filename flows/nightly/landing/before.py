"""Who came before a night: people of the raw tables, and of drops that landed."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import polars as pl

from flows.project.storage import write_whole
from flows.study.study import Study
from schemas.fields import ModelView
from schemas.reading.folder import find_table
from schemas.reading.places import scan
from schemas.reading.source import read_table
from schemas.sharding.keys import declared_keys
from schemas.splitting.table import Known

RAW_KEYS = "raw_keys.parquet"


def keep_raw_keys(study: Study, staging: Path) -> None:
    """Keep the keys of the raw tables' people for those who work on shards: they may have no raw tables.

    A study of one table needs none: every row of it is a person's own.
    """
    contract = study.contract
    if len(contract.tables) == 1:
        return
    name, raw = contract.person_table, study.paths.raw
    path = find_table(raw, name) if raw.is_dir() else None
    keys = pl.Series(dtype=pl.String)
    if path is not None:
        model = contract.tables[name]
        view = ModelView.of(model)
        keys = declared_keys(read_table(path, model, table=name).frame[view.key], view).drop_nulls().sort()
    write_whole(staging / RAW_KEYS, keys.alias("key").to_frame().write_parquet)


def who_came_before(study: Study, date: str, staging: Path) -> Known | None:
    """What tells which keys are of people who came before a date; None where nothing was kept for it.

    Args:
        study: whose people they are.
        date: the night's; of all nights without one.
        staging: the run's scratch folder.
    """
    file = staging / RAW_KEYS
    if not file.exists():
        return None

    @cache
    def raw() -> pl.Series:
        return scan(file).collect()["key"]

    def known(keys: pl.Series) -> pl.Series:
        contract, landed = study.contract, study.tables.landed
        came = landed.people_among(keys, contract.person_table, before=date or None)
        return keys.is_in(raw().implode()) | keys.is_in(came.implode())

    return known
