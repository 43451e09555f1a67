"""The tables of a contract in a folder: where each lies, and what may be absent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas.contract import Contract
from schemas.faults import TableFault
from schemas.fields import ModelView
from schemas.patterns import covers
from schemas.reading.checksums import check_sums, read_sums
from schemas.reading.folder import check_names, find_table
from schemas.splitting.checking import require_full_validation


@dataclass(frozen=True)
class Delivery:
    """The tables of a folder.

    Attributes:
        paths: every table of the contract with its file, or its folder of parts; None where it may be absent and is.
        absent_ok: the columns that each may lack.
        faults: of the tables that could not be found; they are not in ``paths``.
    """

    paths: Mapping[str, Path | None]
    absent_ok: Mapping[str, set[str]]
    faults: tuple[TableFault, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all tables."""
        files = (
            file
            for path in self.paths.values()
            if path is not None
            for file in (path.iterdir() if path.is_dir() else (path,))
        )
        return sum(file.stat().st_size for file in files)


def open_delivery(
    folder: Path,
    contract: Contract,
    *,
    optional_columns: Collection[str] = (),
    scoring: bool = False,
    absent_tables: Collection[str] = (),
    beside: Collection[str] = (),
) -> Delivery:
    """Find every table; see :func:`schemas.splitting.study.validate_folder`, which says what is raised.

    ``absent_tables`` may be absent beside those that the contract calls optional.
    """
    require_full_validation()
    if not folder.is_dir():
        raise TableFault("", f"the folder {folder} does not exist: put the tables of {contract.study} there")
    check_names(folder, contract, beside=beside, only_tables=scoring)
    sums = read_sums(folder)
    absent_ok = _optional(contract, optional_columns)
    optional_tables = {*absent_tables, *(contract.optional if scoring else ())}
    paths: dict[str, Path | None] = {}
    faults: list[TableFault] = []
    for name, model in contract.tables.items():
        all_columns = set(ModelView.of(model).rules) - {contract.person_key}
        may_be_absent = name in optional_tables or (name != contract.person_table and absent_ok[name] >= all_columns)
        try:
            paths[name] = _path(folder, name, sums, may_be_absent=may_be_absent)
        except TableFault as fault:
            faults.append(fault)
    return Delivery(paths, absent_ok, tuple(faults))


def _path(folder: Path, table: str, sums: Mapping[str, str] | None, *, may_be_absent: bool) -> Path | None:
    path = find_table(folder, table)
    if sums is not None:
        check_sums(path, table, sums)
    if path is None and not may_be_absent:
        raise TableFault(table, f"the table {table} is missing: put {table}.csv or {table}.parquet in the folder")
    return path


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
