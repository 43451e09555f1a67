"""From valid tables to one row a person: the study's domain functions, joined in a fixed order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from flows.features.guard import FeatureError, TableFunction, Tables
from mtl_models.data.dataset import PERSON

__all__ = ["OwnDomain", "StudyFeatures", "Tables", "build_features", "source_tables"]

DomainFunction = TableFunction


@dataclass(frozen=True)
class OwnDomain:
    """A feature domain made of outcomes' own columns, which every other task may see.

    Attributes:
        hidden_from: names of the tasks whose columns and leaks the function may read.
        function: gives its columns, one row a person.
    """

    hidden_from: tuple[str, ...]
    function: DomainFunction


@dataclass(frozen=True)
class StudyFeatures:
    """What a module under ``flows.features`` says of its study.

    Attributes:
        people: every person of the person table with the ``reason`` why they are outside the cohort, null if inside.
        domains: a domain's name to the function that gives its columns, one row a person.
        targets: every task's target columns, one row a person.
        own: further domains, each hidden from the tasks that it would give away; ``model.view: own`` uses them.
    """

    people: DomainFunction
    domains: Mapping[str, DomainFunction]
    targets: DomainFunction
    own: Mapping[str, OwnDomain] = field(default_factory=dict)


def build_features(people: pl.DataFrame, visible: Tables, domains: Mapping[str, DomainFunction]) -> pl.DataFrame:
    """One row a person of ``people``, in the order of the identifier, columns named ``<domain>__<feature>``.

    Numbers are Float64 with null for missing, categories keep their Enum. Every step is row-wise or an ordered join,
    so the same tables give the same bytes.

    Raises:
        FeatureError: if a domain gives a person twice, or gives a column that is neither a number nor a category.
    """
    frame = people.select(PERSON).sort(PERSON)
    for domain, function in domains.items():
        columns = function(visible)
        if columns[PERSON].is_duplicated().any():
            raise FeatureError(f"feature domain {domain} gives a person twice; it must give one row a person")
        columns = columns.select(PERSON, *_typed(columns, domain))
        frame = frame.join(columns, on=PERSON, how="left", maintain_order="left", validate="1:1")
    return frame


def _typed(columns: pl.DataFrame, domain: str) -> list[pl.Expr]:
    """Every feature column under its full name, as Float64 or Enum."""
    typed = []
    for name, dtype in columns.drop(PERSON).schema.items():
        if dtype.is_numeric() or dtype == pl.Boolean:
            expression = pl.col(name).cast(pl.Float64).fill_nan(None)
        elif isinstance(dtype, pl.Enum):
            expression = pl.col(name)
        else:
            raise FeatureError(f"feature {domain}__{name} is {dtype}; give a number or an Enum")
        typed.append(expression.alias(f"{domain}__{name}"))
    return typed


def source_tables(
    people: pl.DataFrame, tables: Tables, domains: Mapping[str, DomainFunction]
) -> dict[str, tuple[str, ...]]:
    """The tables that each feature needs, by its full name: those without whose rows it comes out otherwise.

    The person table is not among them: nobody is without it.
    """
    asked = _Asked(tables)
    whole = build_features(people, asked, domains)
    needed: dict[str, tuple[str, ...]] = dict.fromkeys(whole.columns[1:], ())
    for name, frame in tables.items():
        if name not in asked.names:  # what nobody looked at changes nothing
            continue
        without = build_features(people, {**tables, name: frame.clear()}, domains)
        for column in whole.columns[1:]:
            if not whole[column].equals(without[column]):
                needed[column] = (*needed[column], name)
    return needed


class _Asked(Mapping[str, pl.DataFrame]):
    """Tables that remember which of them were looked at."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> pl.DataFrame:
        self.names.add(name)
        return self._tables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
