"""Splitting a study's folder by its contract: typed rows that keep it, and every other row with every reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.reading.keys import KeyFacts
from schemas.reading.source import read_table
from schemas.reading.text_table import TextTable
from schemas.splitting.checked import check_table
from schemas.splitting.delivery import open_delivery
from schemas.splitting.intake import landed_table, with_landed
from schemas.splitting.results import StudyResult, TableResult
from schemas.splitting.table import Keep, Known, Persons, split_table

TextOf = Callable[[str], TextTable | None]
"""Gives a table's rows as text by its name; None where it was allowed to be absent and is."""


def validate_folder(
    folder: Path,
    contract: Contract,
    *,
    optional_columns: Collection[str] = (),
    scoring: bool = False,
    beside: Collection[str] = (),
    landed: Path | None = None,
) -> StudyResult:
    """Validate every table of ``contract`` that lies in ``folder`` as ``<table>.csv`` or ``<table>.parquet``.

    Each may also be a folder of part files, which is named like the file or like the table. Where a list of checksums
    lies beside them, they must agree with it.

    Args:
        folder: where the tables are. What resembles a table by its name and is none is a fault.
        contract: the study's contract.
        optional_columns: ``TABLE.COLUMN`` patterns that may be absent and are then null, such as labels at scoring; a
            table whose columns all are optional may be absent as a whole.
        scoring: the folder is a night's drop. The contract's optional tables may be absent too, and then have no rows;
            and the folder holds tables of the contract alone.
        beside: names that may lie beside the tables and are left alone, with those that the contract knows.
        landed: a folder of what landed since, which is taken in, see :mod:`schemas.splitting.intake`.

    Raises:
        TableFault: if a table cannot be taken in as a whole; if several cannot, with a line for each.
        ContractError: if Pandera's checks are switched off, or the contract contradicts itself.
        ValueError: for a pattern that matches nothing, or that would make a required column optional.
    """
    delivery = open_delivery(folder, contract, optional_columns=optional_columns, scoring=scoring, beside=beside)

    def text_of(name: str) -> TextTable | None:
        path = delivery.paths[name]
        model, optional = contract.tables[name], delivery.absent_ok[name]
        if path is None:
            return None
        text = read_table(path, model, table=name, optional=optional)
        return with_landed(text, landed_table(landed, name), ModelView.of(model))

    split = split_tables(text_of, contract, faults=delivery.faults)
    require_sound([split.facts], contract)
    return StudyResult(study=contract.study, tables=split.tables)


@dataclass(frozen=True)
class Facts:
    """What the rows of a study, or of a shard of its people, say of its tables as a whole. No rows, and no values.

    Attributes:
        keys: what the keys of each table say of it.
        files: what each table's file is called.
        faults: of the tables that could not be read.
        n_people: rows of the person table.
    """

    keys: Mapping[str, KeyFacts]
    files: Mapping[str, str]
    faults: tuple[TableFault, ...]
    n_people: int


@dataclass(frozen=True)
class Split:
    """The tables of a study, or of a shard of its people, split.

    Attributes:
        tables: those without a fault, in the contract's order.
        facts: what is to be said of the tables as a whole.
    """

    tables: Mapping[str, TableResult] = field(repr=False)
    facts: Facts


def split_tables(
    text_of: TextOf,
    contract: Contract,
    *,
    faults: Iterable[TableFault] = (),
    look: Callable[[str, pl.Series], None] | None = None,
    before: Known | None = None,
    keep: Keep | None = None,
) -> Split:
    """Split every table, one after the other, so that the text of one at a time is held.

    Args:
        text_of: gives the rows of a table.
        contract: the study's contract.
        faults: of tables that are known not to be readable; they are not asked for.
        look: called with each table's name and the keys of all its rows, null where one is malformed.
        before: tells who came before; a row about such a person is late, and not one of an unknown person.
        keep: is handed the rows of each table that are not rejected.
    """
    found = list(faults)
    tables: dict[str, TableResult] = {}
    keys: dict[str, KeyFacts] = {}
    files: dict[str, str] = {}
    persons: Persons | None = None
    n_people = 0
    first = contract.person_table
    for name in (first, *(each for each in contract.tables if each != first)):
        if any(fault.table == name for fault in found):
            continue
        try:
            table = check_table(text_of(name), contract.tables[name])
        except TableFault as fault:
            found.append(fault)
            continue
        if table.text:
            files[name] = table.text.file
        if look is not None:
            look(name, pl.concat([table.keys, pl.Series(table.keys.name, table.broken_keys(), dtype=pl.String)]))
        known = persons.knows(table.keys) if persons else None
        keys[name] = KeyFacts.of(table.keys, persons.all if persons else None, known, keys.get(first))
        if name == first:
            persons, n_people = Persons.of(table, before), table.text.n_rows if table.text else 0
        if persons is not None and not keys[name].repeated:
            tables[name] = split_table(table, None if name == first else persons, known, keep)
    in_order = {name: tables[name] for name in contract.tables if name in tables}
    return Split(in_order, Facts(keys, files, tuple(found), n_people))


def require_sound(several: Iterable[Facts], contract: Contract, *, without_persons: bool = False) -> None:
    """Make sure that tables are sound as a whole.

    Args:
        several: the facts of the study, or of all its shards.
        contract: the study's contract.
        without_persons: whether the person table may have no rows: nobody is scored.

    Raises:
        TableFault: if one is not; if several are not, with a line for each.
    """
    known = list(several)
    faults: dict[str, TableFault] = {}
    for each in (fault for facts in known for fault in facts.faults):
        faults.setdefault(each.table, each)
    for name in contract.tables:
        if name in faults:
            continue
        keys = KeyFacts.total(facts.keys[name] for facts in known if name in facts.keys)
        file = next((facts.files[name] for facts in known if name in facts.files), name)
        if fault := keys.fault(name, file, contract.person_key, contract.person_table):
            faults[name] = fault
        elif name == contract.person_table and not without_persons and not any(facts.n_people for facts in known):
            # elsewhere it only says that nobody had this examination
            said = f"{file} has a header but no rows: without persons there is nothing to validate"
            faults[name] = TableFault(name, said)
    if faults:
        order = ["", *contract.tables]  # a fault of the folder comes first
        raise TableFault.of([faults[name] for name in sorted(faults, key=order.index)])
