"""Splitting a study's folder by its contract: typed rows that keep it, and every other row with every reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.patterns import covers
from schemas.reading.checksums import check_sums, read_sums
from schemas.reading.folder import check_names, find_table
from schemas.reading.keys import check_spelling
from schemas.reading.source import read_table
from schemas.reading.text_table import TextTable
from schemas.splitting.checked import CheckedTable, check_table
from schemas.splitting.checking import require_full_validation
from schemas.splitting.results import StudyResult
from schemas.splitting.table import Persons, split_table


def validate_folder(
    folder: Path,
    contract: Contract,
    *,
    optional_columns: Collection[str] = (),
    scoring: bool = False,
    beside: Collection[str] = (),
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

    Raises:
        TableFault: if a table cannot be taken in as a whole; if several cannot, with a line for each.
        ContractError: if Pandera's checks are switched off, or the contract contradicts itself.
        ValueError: for a pattern that matches nothing, or that would make a required column optional.
    """
    require_full_validation()
    if not folder.is_dir():
        raise TableFault("", f"the folder {folder} does not exist: put the tables of {contract.study} there")
    check_names(folder, contract, beside=beside, only_tables=scoring)
    sums = read_sums(folder)
    absent_ok = _optional(contract, optional_columns)
    optional_tables = contract.optional if scoring else frozenset()
    checked: dict[str, CheckedTable] = {}
    faults: list[TableFault] = []
    for name, model in contract.tables.items():
        may_be_absent = name in optional_tables or absent_ok[name] >= set(ModelView.of(model).rules) - {
            contract.person_key
        }
        try:
            checked[name] = check_table(
                _read(folder, name, contract, absent_ok[name], sums, may_be_absent=may_be_absent), model
            )
        except TableFault as fault:
            faults.append(fault)
    if faults:
        raise TableFault.of(faults)
    persons = Persons.of(checked[contract.person_table])
    for name, table in checked.items():
        if table.text and name != contract.person_table:
            check_spelling(table.keys, table.text, persons.all, contract.person_table)
    tables = {
        name: split_table(table, None if name == contract.person_table else persons) for name, table in checked.items()
    }
    return StudyResult(study=contract.study, tables=tables)


def _read(
    folder: Path,
    table: str,
    contract: Contract,
    optional: Collection[str],
    sums: Mapping[str, str] | None,
    *,
    may_be_absent: bool,
) -> TextTable | None:
    path = find_table(folder, table)
    if sums is not None:
        check_sums(path, table, sums)
    is_person_table = table == contract.person_table
    if path is None:
        if may_be_absent and not is_person_table:
            return None
        raise TableFault(table, f"the table {table} is missing: put {table}.csv or {table}.parquet in the folder")
    text = read_table(path, contract.tables[table], table=table, optional=optional)
    if is_person_table and not text.n_rows:  # elsewhere it only says that nobody had this examination
        raise TableFault(table, f"{text.file} has a header but no rows: without persons there is nothing to validate")
    return text


def _optional(contract: Contract, patterns: Collection[str]) -> Mapping[str, set[str]]:
    rules = {name: ModelView.of(model).rules for name, model in contract.tables.items()}
    optional: dict[str, set[str]] = {name: set() for name in rules}
    for pattern in patterns:
        found = [
            (table, column)
            for table, columns in rules.items()
            for column in columns
            if column != contract.person_key and covers(pattern, table, column)
        ]
        if not found:
            raise ValueError(f"optional columns: {pattern} matches no column of {contract.study}")
        for table, column in found:
            if not rules[table][column].nullable:
                raise ValueError(f"optional columns: {table}.{column} is required for every row")
            optional[table].add(column)
    return optional
