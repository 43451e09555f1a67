"""From valid tables to one row a person: the study's domain functions, joined in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from flows.features.guard import FeatureError, TableFunction, Tables
from mtl_models.data.dataset import PERSON
from mtl_models.data.describe import feature_column
from schemas.reading.key_places import KeyPlaces
from schemas.reading.keys import all_distinct

__all__ = ["Built", "OwnDomain", "StudyFeatures", "Tables", "build_features", "functions_of"]

DomainFunction = TableFunction
DomainFunctions = DomainFunction | tuple[DomainFunction, ...]
"""One function, or several whose columns stand side by side: a feature needs the tables that its own function reads."""


def functions_of(given: DomainFunctions) -> tuple[DomainFunction, ...]:
    """The functions of a domain."""
    return given if isinstance(given, tuple) else (given,)


@dataclass(frozen=True)
class OwnDomain:
    """A feature domain made of outcomes' own columns, which every other task may see.

    Attributes:
        hidden_from: names of the tasks whose columns and leaks the function may read.
        function: gives its columns, one row a person; or several, one a table.
    """

    hidden_from: tuple[str, ...]
    function: DomainFunctions


@dataclass(frozen=True)
class StudyFeatures:
    """What a module under ``flows.features`` says of its study.

    Attributes:
        people: every person of the person table with the ``reason`` why they are outside the cohort, null if inside.
        domains: a domain's name to the function that gives its columns, one row a person; or to several, one a table,
            since people whose table has not come lack the features of the function that reads it.
        targets: every task's target columns, one row a person.
        own: further domains, each hidden from the tasks that it would give away; ``model.view: own`` uses them.
    """

    people: DomainFunction
    domains: Mapping[str, DomainFunctions]
    targets: DomainFunction
    own: Mapping[str, OwnDomain] = field(default_factory=dict)


@dataclass(frozen=True)
class Built:
    """What domain functions gave.

    Attributes:
        features: one row a person, columns named ``<domain>__<feature>``.
        tables: by feature, the tables that its function read, in the order of the tables.
    """

    features: pl.DataFrame
    tables: dict[str, tuple[str, ...]]


def build_features(people: pl.DataFrame, visible: Tables, domains: Mapping[str, DomainFunctions]) -> Built:
    """Features of ``people``, in the order of the identifier, and the tables that each was made from.

    Numbers are Float64 with null for missing, categories keep their Enum. Every step is row-wise or an ordered join,
    so the same tables give the same bytes.

    Raises:
        FeatureError: if a domain gives a person or a column twice, or a column that is neither a number nor a category.
    """
    frame, tables = people.select(PERSON).sort(PERSON), dict[str, tuple[str, ...]]()
    places = KeyPlaces(frame[PERSON])
    for domain, given in domains.items():
        for function in functions_of(given):
            asked = Asked(visible)
            columns = function(asked)
            if not all_distinct(columns[PERSON]):
                raise FeatureError(f"feature domain {domain} gives a person twice; it must give one row a person")
            columns = columns.select(PERSON, *_typed(columns, domain))
            if twice := next((name for name in columns.columns[1:] if name in tables), None):
                raise FeatureError(f"two functions of feature domain {domain} give the feature {twice}; name it once")
            frame = frame.hstack(_beside(places, columns, frame.height))
            tables |= dict.fromkeys(columns.columns[1:], tuple(name for name in visible if name in asked.names))
    return Built(frame, tables)


def _beside(places: KeyPlaces, columns: pl.DataFrame, n_people: int) -> list[pl.Series]:
    """The columns with the rows in the order of the people, null for who has none."""
    of_rows = places.of(columns[PERSON])
    rows = np.full(n_people, -1, np.int64)
    inside = of_rows >= 0
    rows[of_rows[inside]] = np.flatnonzero(inside)
    given = columns.drop(PERSON)
    if n_people == columns.height and np.array_equal(rows, np.arange(n_people)):
        return given.get_columns()
    row = pl.when(pl.lit(rows) >= 0).then(pl.lit(rows))
    return given.select(pl.all().gather(pl.select(row).to_series())).get_columns()


def _typed(columns: pl.DataFrame, domain: str) -> list[pl.Expr]:
    """Every feature column under its full name, as Float64 or Enum."""
    typed = []
    for name, dtype in columns.drop(PERSON).schema.items():
        expression = feature_column(name, dtype)
        if expression is None:
            raise FeatureError(f"feature {domain}__{name} is {dtype}; give a number or an Enum")
        typed.append(expression.alias(f"{domain}__{name}"))
    return typed


class Asked(Mapping[str, pl.DataFrame]):
    """Tables that remember which of them were looked at."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> pl.DataFrame:
        __tracebackhide__ = True  # an error arises in the function that asked
        self.names.add(name)
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
