"""The cohort of a folder of valid tables shard by shard of its people: memory does not grow with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from flows.features.cohort import Cohort, cohort_of
from flows.features.split_scan import between
from flows.project.settings import StudySettings
from schemas.contract import Contract
from schemas.sharding.keys import bounds_of

STEP = 100  # one key of so many says where shards begin
AT_ONCE = 1_000_000  # keys that are read together


@dataclass(frozen=True)
class Range:
    """People whose keys lie side by side: from ``low`` on, below ``high``; None where there is no end."""

    low: str | None
    high: str | None


def ranges_of(contract: Contract, valid: Path, people: int) -> list[Range]:
    """Ranges of keys with about so many people each."""
    table = pl.scan_parquet(valid / f"{contract.person_table}.parquet", glob=False).select(contract.person_key)
    n_people: int = table.select(pl.len()).collect().item()
    starts = range(0, n_people, AT_ONCE)
    keys = [table.slice(start, AT_ONCE).collect().to_series().gather_every(STEP) for start in starts]
    n_shards = -(-n_people // people)
    bounds = bounds_of(pl.concat(keys), n_shards) if n_shards > 1 else ()
    return [Range(low, high) for low, high in zip((None, *bounds), (*bounds, None), strict=True)]


def cohorts_of(contract: Contract, settings: StudySettings, valid: Path) -> Iterator[tuple[Range, Cohort]]:
    """The cohort of each range, in the order of the persons' keys, by the function that scoring uses."""
    files = {name: file for name in contract.tables if (file := valid / f"{name}.parquet").exists()}
    for each in ranges_of(contract, valid, settings.shards.people):
        inside = between(pl.col(contract.person_key), each.low, each.high)
        tables = {name: pl.scan_parquet(file, glob=False).filter(inside).collect() for name, file in files.items()}
        yield each, cohort_of(contract.study, tables, settings.task_records, settings.known_later, may_be_empty=True)
