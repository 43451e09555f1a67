"""A study's contract: its tables, and how to find it by the study's name."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass

import pandera.polars as pa

import schemas
from schemas.fields import ModelView
from schemas.importing import import_own


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The raw tables of a study.

    Attributes:
        study: name of the study and of its package here.
        tables: table name to its model.
        person_table: the table with one row for every person.
        person_key: the key column, the same in every table.
        optional: tables that may be absent when people are scored: their columns are then missing for everybody, which
            is said. The person table never is, and in training none is.
        beside: names of other things that may lie in the folder, such as a dictionary of the columns.
    """

    study: str
    tables: Mapping[str, type[pa.DataFrameModel]]
    person_table: str
    person_key: str
    optional: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.person_table not in self.tables:
            raise ValueError(f"study {self.study}: the person table {self.person_table} is not among its tables")
        for name, model in self.tables.items():
            if "." in name:  # it would not be clear where the table ends in TABLE.COLUMN
                raise ValueError(f"study {self.study}: the table {name} has a dot in its name; take it out")
            view = ModelView.of(model)
            if self.person_key not in view.dtypes:
                raise ValueError(f"study {self.study}: table {name} lacks the person key {self.person_key}")
            if view.key != self.person_key:
                raise ValueError(f"study {self.study}: table {name} has another person key, {view.key}")
        if unknown := sorted(self.optional - set(self.tables)):
            raise ValueError(f"study {self.study}: optional names {', '.join(unknown)}, which is none of its tables")
        if self.person_table in self.optional:
            raise ValueError(f"study {self.study}: the person table {self.person_table} cannot be optional")


def load_contract(study: str) -> Contract:
    """The contract in ``schemas/<study>``.

    Raises:
        ValueError: if there is no such study, or its module cannot be used.
    """
    if not (study.isidentifier() and study in {module.name for module in pkgutil.iter_modules(schemas.__path__)}):
        raise ValueError(f"unknown study {study!r}: add schemas/{study}/ with a CONTRACT, or name one that has it")
    contract = getattr(import_own(f"schemas.{study}"), "CONTRACT", None)
    if not isinstance(contract, Contract):
        raise ValueError(f"schemas/{study} has no CONTRACT: give it one, or the study another name")
    return contract
