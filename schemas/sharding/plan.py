"""How a folder of tables is read by shards of people: at which keys shards begin, and where each one's rows lie."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.keys import KeyFacts
from schemas.reading.text_table import TextTable, joined, require_alike
from schemas.sharding.jobs import OpenJob, PartJob, part_file, try_to_open
from schemas.sharding.keys import bounds_of, declared_keys
from schemas.sharding.opening import SAMPLES, Opened, files_of
from schemas.sharding.parts import Part, WholeFile
from schemas.splitting.delivery import Delivery, open_delivery
from schemas.splitting.study import Facts, Split, split_tables
from schemas.splitting.table import Keep, Known

Spread = Callable[[Callable[[Any, Contract], Any], Sequence[Any]], Iterable[Any]]
"""Calls a function with every job and the contract, maybe in other processes; what it gives comes in their order."""

WORTH_SPREADING = 256_000_000  # bytes of a folder; with fewer, other processes begin later than the work would end


class OutOfOrderError(Exception):
    """A file that seemed to be in the order of its keys is not: it has to be parted."""

    def __init__(self, table: str) -> None:
        super().__init__(table)
        self.table = table


@dataclass(frozen=True)
class ShardedTable:
    """One table.

    Attributes:
        name: the file, or the folder of parts, as rejects and errors call it.
        parts: its files.
        names: what to call them in an error.
        is_folder: whether the table is a folder of parts.
    """

    table: str
    name: str
    parts: tuple[Part, ...]
    names: tuple[str, ...]
    is_folder: bool

    def text(self, shard: int, view: ModelView) -> TextTable:
        """The rows of a shard."""
        texts = [part.text(shard, view) for part in self.parts]
        return joined(self.table, self.name, texts, self.names) if self.is_folder else texts[0]


@dataclass(frozen=True)
class Plan:
    """A folder of tables, by shards of people.

    Attributes:
        bounds: the keys at which the shards behind the first begin.
        tables: every table of the contract; None where it was allowed to be absent and is.
        faults: of the tables that could not be found; they are not in ``tables``.
    """

    bounds: tuple[str, ...]
    tables: Mapping[str, ShardedTable | None]
    faults: tuple[TableFault, ...] = ()

    @property
    def absent(self) -> tuple[str, ...]:
        """The tables that did not arrive."""
        return tuple(name for name, table in self.tables.items() if table is None)

    @property
    def n_shards(self) -> int:
        """How many shards there are."""
        return len(self.bounds) + 1

    def split(self, shard: int, contract: Contract, *, before: Known | None = None, keep: Keep | None = None) -> Split:
        """The rows of a shard, split by the contract; see :func:`schemas.splitting.study.split_tables`.

        Raises:
            OutOfOrderError: if a key lies in a shard that is not its own.
        """

        def text_of(name: str) -> TextTable | None:
            table = self.tables[name]
            return None if table is None else table.text(shard, ModelView.of(contract.tables[name]))

        def require_own(name: str, keys: pl.Series) -> None:
            if self._strays(shard, keys):
                raise OutOfOrderError(name)

        return split_tables(text_of, contract, faults=self.faults, look=require_own, before=before, keep=keep)

    def facts(self, several: Sequence[Facts], contract: Contract) -> list[Facts]:
        """The facts of all shards, and what only all keys together tell where 1 and 001 may both be among them."""
        total = KeyFacts.total(keys for facts in several for keys in facts.keys.values())
        if self.n_shards == 1 or not total.may_respell:
            return list(several)
        persons = self._keys(contract.person_table, contract)
        keys = {}
        for name, table in self.tables.items():
            if table is not None:
                of_all = persons if name == contract.person_table else self._keys(name, contract)
                given = KeyFacts.of(of_all, None if name == contract.person_table else persons)
                keys[name] = replace(given, repeated=0)  # each shard has counted its own
        own = [
            replace(facts, keys={name: replace(each, respelt=0, misspelt=0) for name, each in facts.keys.items()})
            for facts in several
        ]
        return [*own, Facts(keys, {}, (), 0)]

    def _keys(self, name: str, contract: Contract) -> pl.Series:
        """All keys of a table, rows with too few or too many fields aside."""
        table, view = self.tables[name], ModelView.of(contract.tables[name])
        assert table is not None
        return pl.concat(declared_keys(table.text(shard, view).frame[view.key], view) for shard in range(self.n_shards))

    def _strays(self, shard: int, keys: pl.Series) -> bool:
        """Whether a key belongs to another shard; null is no key."""
        known = keys.drop_nulls()
        before = shard > 0 and (known < self.bounds[shard - 1]).any()
        behind = shard < len(self.bounds) and (known >= self.bounds[shard]).any()
        return before or behind


def make_plan(
    folder: Path,
    contract: Contract,
    scratch: Path,
    *,
    optional_columns: Collection[str] = (),
    scoring: bool = False,
    absent_tables: Collection[str] = (),
    beside: Collection[str] = (),
    people: int,
    small: int,
    disordered: Collection[str] = (),
    spread: Spread | None = None,
) -> Plan:
    """Look at every table of a folder, and find out how to read it by shards.

    Args:
        folder: where the tables are.
        contract: the study's contract.
        scratch: an empty folder, in which tables that are in no order are parted. Patient data.
        optional_columns, scoring, absent_tables, beside: see :func:`schemas.splitting.study.validate_folder`.
        people: of a shard.
        small: a folder of at most so many bytes is one shard, and read at once: to part it would take longer.
        disordered: tables that are known to be in no order.
        spread: does jobs on files elsewhere, where that is worth it; here, one after the other, if left out.

    Raises:
        TableFault: if a table cannot be taken in as a whole; if several cannot, with a line for each.
    """
    delivery = open_delivery(
        folder,
        contract,
        optional_columns=optional_columns,
        scoring=scoring,
        absent_tables=absent_tables,
        beside=beside,
    )
    if delivery.size <= small:
        return Plan((), {name: _whole(name, path, delivery) for name, path in delivery.paths.items()}, delivery.faults)
    work = _Work(contract, spread if delivery.size >= WORTH_SPREADING else None)
    opened = _open(delivery, work)
    bounds = _bounds(opened, contract, people)
    jobs = {
        (name, place): PartJob(file, bounds, scratch / name / str(place), name in disordered)
        for name, files in opened.items()
        for place, file in enumerate(files or ())
    }
    parts = dict(zip(jobs, work.done(part_file, list(jobs.values())), strict=True))
    tables: dict[str, ShardedTable | None] = {}
    for name, files in opened.items():
        path = delivery.paths[name]
        if files is None or path is None:
            tables[name] = None
            continue
        names = tuple(file.named.file.partition("/")[2] for file in files)
        those = tuple(parts[name, place] for place in range(len(files)))
        tables[name] = ShardedTable(name, path.name, those, names, path.is_dir())
    return Plan(bounds, tables)


def _bounds(opened: Mapping[str, list[Opened] | None], contract: Contract, people: int) -> tuple[str, ...]:
    """Keys at which shards begin, by the person table, or by the longest table where that one is absent."""
    n_rows = {name: sum(file.n_rows for file in files) for name, files in opened.items() if files is not None}
    name = contract.person_table if contract.person_table in n_rows else max(n_rows, key=n_rows.__getitem__)
    view = ModelView.of(contract.tables[name])
    sample = pl.concat([file.sample(view, SAMPLES) for file in opened[name] or ()])
    return bounds_of(sample, -(-n_rows[name] // people))


class _Work:
    """Jobs on files, done elsewhere where they can be and that is worth it."""

    def __init__(self, contract: Contract, spread: Spread | None) -> None:
        self.contract, self._spread = contract, spread

    def done(self, function: Callable[[Any, Contract], Any], jobs: Sequence[OpenJob | PartJob]) -> list[Any]:
        """What comes of every job."""
        travel = [job for job in jobs if self._spread is not None and job.travels]
        found = iter(self._spread(function, travel)) if self._spread is not None and travel else iter(())
        there = {id(job): result for job, result in zip(travel, found, strict=True)}
        return [there[id(job)] if id(job) in there else function(job, self.contract) for job in jobs]


def _open(delivery: Delivery, work: _Work) -> dict[str, list[Opened] | None]:
    faults, jobs = list(delivery.faults), list[OpenJob]()
    for name, path in delivery.paths.items():
        try:
            files = files_of(path, name) if path else []
        except TableFault as fault:
            faults.append(fault)
        else:
            jobs += [OpenJob(file, named, frozenset(delivery.absent_ok[name])) for file, named in files]
    opened: dict[str, list[Opened] | None] = {name: [] if path else None for name, path in delivery.paths.items()}
    for job, found in zip(jobs, work.done(try_to_open, jobs), strict=True):
        files_there = opened[job.named.table]
        if isinstance(found, TableFault):
            if not any(fault.table == job.named.table for fault in faults):
                faults.append(found)
        elif files_there is not None:
            files_there.append(found)
    for name, path in delivery.paths.items():
        if path is None or any(fault.table == name for fault in faults):
            continue
        there = opened[name] or []
        try:
            names = [file.named.file.partition("/")[2] for file in there]
            require_alike(name, path.name, [file.header for file in there], names)
        except TableFault as fault:
            faults.append(fault)
    if faults:
        raise TableFault.of(faults)
    return opened


def _whole(name: str, path: Path | None, delivery: Delivery) -> ShardedTable | None:
    if path is None:
        return None
    files = files_of(path, name)
    parts: tuple[Part, ...] = tuple(
        WholeFile(named, file, frozenset(delivery.absent_ok[name])) for file, named in files
    )
    return ShardedTable(
        name, path.name, parts, tuple(named.file.partition("/")[2] for _, named in files), path.is_dir()
    )
