"""A folder of raw tables split shard by shard of its people: memory does not grow with them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from flows.fitting.machines import run_jobs
from flows.project.machines import SERIAL
from flows.project.paths import REJECTS, replace_file
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from schemas.contract import Contract, load_contract
from schemas.reading.places import is_far
from schemas.sharding.landed import taking_in
from schemas.sharding.merge import Labels, labels_of, merged
from schemas.sharding.plan import OutOfOrderError, Plan, make_plan
from schemas.splitting.results import REJECTS as REJECTED
from schemas.splitting.results import StudyResult
from schemas.splitting.study import Facts, require_sound

ROWS = 100_000  # of a group of rows: the same file however the rows were parted


@dataclass(frozen=True)
class Splitting:
    """What is done to every shard; it travels to other processes.

    Attributes:
        study: its name.
        plan: where the rows of each shard lie.
        scratch: where each shard's files go.
    """

    study: str
    plan: Plan
    scratch: Path

    def file(self, shard: int, name: str) -> Path:
        """A shard's file."""
        return self.scratch / "shards" / str(shard) / name

    def files(self, name: str) -> list[Path]:
        """Every shard's file."""
        return [file for shard in range(self.plan.n_shards) if (file := self.file(shard, name)).is_file()]


@dataclass(frozen=True)
class _Part:
    """What came of a shard; no row and no value."""

    summary: dict[str, Any]
    labels: Labels
    facts: Facts


@dataclass(frozen=True)
class SplitFolder:
    """A folder that was split; its rows lie in the scratch folder.

    Attributes:
        contract: of the tables.
        summary: the counts, as one reading of all rows gives them.
    """

    contract: Contract
    summary: dict[str, Any]
    _work: Splitting

    def write(self, target: Path) -> None:
        """Write ``<TABLE>.parquet`` for every table, and the rejects. The files do not tell how rows were parted."""
        for name in self.contract.tables:
            self._gather(self._work.files(f"{name}.parquet"), target / f"{name}.parquet")
        files = self._work.files(REJECTS)
        if self._work.plan.n_shards > 1:
            ordered = self._work.scratch / "ordered"
            ordered.mkdir(exist_ok=True)
            frames = rejects_in_order(files, list(self.contract.tables))
            files = [
                ordered / f"{place:09}.parquet" for place, frame in enumerate(frames) if _keep(frame, ordered, place)
            ]
        self._gather(files, target / REJECTS)

    def _gather(self, files: list[Path], target: Path) -> None:
        """One file of those of several shards, its rows in their order; that of one shard stays as it is."""
        if self._work.plan.n_shards == 1:
            replace_file(target, partial(shutil.copyfile, files[0]))
            return
        rows = pl.scan_parquet(files, glob=False, hive_partitioning=False)
        replace_file(target, partial(rows.sink_parquet, row_group_size=ROWS))


def _keep(frame: pl.DataFrame, folder: Path, place: int) -> bool:
    """Write a frame if it has rows, or is the first one, and say whether it was."""
    if place and not frame.height:
        return False
    frame.write_parquet(folder / f"{place:09}.parquet")
    return True


def split_folder(
    study: Study, source: Path, scratch: Path, *, scoring: bool = False, landed: Path | None = None
) -> SplitFolder:
    """Split a folder of raw tables by the study's contract; a small folder is one shard.

    Where there are several, the valid rows of each table are in the order of their keys.

    Args:
        study: whose contract holds.
        source: folder of raw tables.
        scratch: an empty folder of this machine. Patient data.
        scoring: the source is a night's drop, see :func:`flows.stages.validate.split_tables`.
        landed: what landed since the raw tables were delivered.

    Raises:
        schemas.faults.TableFault: if a table as a whole cannot be used.
    """
    contract, settings, machines = study.contract, study.settings, study.machines
    if machines.kind not in ("serial", "processes"):
        machines = SERIAL  # the scratch folder is this machine's
    disordered: list[str] = []
    while True:
        plan = make_plan(
            source,
            contract,
            scratch / f"parted-{len(disordered)}",
            optional_columns=study.hidden if scoring else (),
            scoring=scoring,
            beside=settings.split.beside_tables,
            people=settings.shards.people,
            small=settings.shards.at_once_mb * 1_000_000,
            disordered=disordered,
        )
        plan = taking_in(plan, landed)
        work = Splitting(study.name, plan, scratch)
        where = machines if plan.n_shards > 1 else SERIAL
        parts: list[_Part] = []
        for found in run_jobs(_split, range(plan.n_shards), work, title="shards", machines=where):
            if isinstance(found, str):
                disordered.append(found)
                break
            parts.append(found)
        else:
            break
    require_sound(plan.facts([part.facts for part in parts], contract), contract)
    return SplitFolder(contract, merged(contract, [(part.summary, part.labels) for part in parts]), work)


def _split(shard: int, work: Splitting) -> _Part | str:
    """Split a shard's rows into its files; or give the table that has to be parted first."""
    contract = load_contract(work.study)
    try:
        split = work.plan.split(shard, contract)
    except OutOfOrderError as error:
        return error.table
    result = StudyResult(study=work.study, tables=split.tables)
    if len(split.tables) < len(contract.tables):  # the facts say why
        return _Part({}, {}, split.facts)
    replace_file(work.file(shard, REJECTS), result.rejects.write_parquet)
    for name, table in split.tables.items():
        valid = table.valid if work.plan.n_shards == 1 else table.valid.sort(contract.person_key, maintain_order=True)
        replace_file(work.file(shard, f"{name}.parquet"), valid.write_parquet)
    return _Part(result.summary(), labels_of(result), split.facts)


def rejects_in_order(files: Sequence[Path], tables: Sequence[str], most: int | None = None) -> Iterator[pl.DataFrame]:
    """The rejected rows by table, those of no known person first, the others in the order of the persons' keys.

    So they lie in one order however many shards there are.

    Args:
        files: the rejects of each shard.
        tables: in their order.
        most: so many rows of a table, its first ones; all if left out.
    """
    held = [file for file in files if pl.scan_parquet(content(file)).select(pl.len()).collect().item()]
    for name in tables:
        nobody = pl.DataFrame(schema=REJECTED)
        for file in held:
            nobody = pl.concat([nobody, _rows_of(file, name, of_persons=False)]).sort("file", "line").slice(0, most)
        yield nobody
        left = None if most is None else most - nobody.height
        for file in held:
            rows = _rows_of(file, name, of_persons=True).sort(PERSON, "file", "line").slice(0, left)
            left = None if left is None else left - rows.height
            yield rows


def _rows_of(file: Path, table: str, *, of_persons: bool) -> pl.DataFrame:
    known = pl.col(PERSON).is_not_null() if of_persons else pl.col(PERSON).is_null()
    return pl.scan_parquet(content(file)).filter(pl.col("table") == table, known).collect()


def content(file: Path) -> Path | BytesIO:
    """A shard's file as Polars may read it while Delta's library writes: one of its own on a storage would panic."""
    return BytesIO(file.read_bytes()) if is_far(file) else file
