"""From valid tables to one row a person: the study's domain functions, joined in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module

import polars as pl

from mtl_models.data import PERSON, Feature, FeatureSpec

Tables = Mapping[str, pl.DataFrame]
DomainFunction = Callable[[Tables], pl.DataFrame]


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


def study_features(study: str) -> StudyFeatures:
    """The ``STUDY`` of ``flows.features.<study>``.

    Raises:
        ValueError: if there is no such module.
    """
    try:
        module = import_module(f"flows.features.{study}")
    except ModuleNotFoundError as error:
        if error.name != f"flows.features.{study}":
            raise
        raise ValueError(f"study {study!r} has no feature module: write flows/features/{study}/__init__.py") from None
    features: StudyFeatures = module.STUDY
    return features


def build_features(people: pl.DataFrame, visible: Tables, domains: Mapping[str, DomainFunction]) -> pl.DataFrame:
    """One row a person of ``people``, in the order of the identifier, columns named ``<domain>__<feature>``.

    Numbers are Float64 with null for missing, categories keep their Enum. Every step is row-wise or an ordered join,
    so the same tables give the same bytes.

    Raises:
        ValueError: if a domain gives a person twice, or gives a column that is neither a number nor a category.
    """
    frame = people.select(PERSON).sort(PERSON)
    for domain, function in domains.items():
        columns = function(visible)
        if columns[PERSON].is_duplicated().any():
            raise ValueError(f"feature domain {domain} gives a person twice; it must give one row a person")
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
            raise ValueError(f"feature {domain}__{name} is {dtype}; give a number or an Enum")
        typed.append(expression.alias(f"{domain}__{name}"))
    return typed


def source_tables(
    people: pl.DataFrame, tables: Tables, domains: Mapping[str, DomainFunction]
) -> dict[str, tuple[str, ...]]:
    """The tables that each feature needs, by its full name: those without whose rows it comes out otherwise.

    The person table is not among them: nobody is without it.
    """
    whole = build_features(people, tables, domains)
    needed: dict[str, tuple[str, ...]] = dict.fromkeys(whole.columns[1:], ())
    for name, frame in tables.items():
        without = build_features(people, {**tables, name: frame.clear()}, domains)
        for column in whole.columns[1:]:
            if not whole[column].equals(without[column]):
                needed[column] = (*needed[column], name)
    return needed


def feature_spec(
    features: pl.DataFrame,
    hidden_from: Mapping[str, tuple[str, ...]] | None = None,
    tables: Mapping[str, tuple[str, ...]] | None = None,
) -> FeatureSpec:
    """The spec of a feature table, from its column names and types.

    Args:
        hidden_from: names of the tasks that must not see a domain, by the domain.
        tables: the source tables of a feature, by its full name.
    """
    hidden_from, tables = hidden_from or {}, tables or {}
    return FeatureSpec(
        tuple(
            Feature(
                name=name,
                domain=name.split("__", 1)[0],
                categories=tuple(dtype.categories.to_list()) if isinstance(dtype, pl.Enum) else (),
                hidden_from=tuple(hidden_from.get(name.split("__", 1)[0], ())),
                tables=tuple(tables.get(name, ())),
            )
            for name, dtype in features.drop(PERSON).schema.items()
        )
    )
