"""The people of a cohort with their features, and what is known of each feature: training and scoring come through."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import polars as pl

from flows.features.build import DomainFunctions, build_features
from flows.features.guard import FeatureError, Tables
from flows.features.lookup import study_features
from flows.features.view import hidden_patterns, own_tables, visible_tables
from mtl_models.data.dataset import PERSON, FeatureSpec
from mtl_models.data.describe import feature_spec
from mtl_models.data.tasks import Task
from schemas.contract import load_contract


@dataclass(frozen=True)
class Cohort:
    """Features of the people in the cohort, the people outside it with their reason, and the valid tables.

    Attributes:
        sources: by feature, the tables without whose rows it is missing; the person table, which nobody lacks, aside.
    """

    features: pl.DataFrame
    excluded: pl.DataFrame
    tables: Tables
    sources: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Domain:
    """A feature domain: its function, and the tables that it may read."""

    name: str
    tables: Tables
    function: DomainFunctions


def cohort_of(
    study: str,
    tables: Tables,
    tasks: Collection[Task],
    known_later: Collection[str],
    *,
    may_be_empty: bool = False,
) -> Cohort:
    """Features of the cohort.

    Args:
        study: its name.
        tables: its valid tables, or those of some of its people.
        tasks: what is predicted.
        known_later: columns that come after the prediction moment.
        may_be_empty: whether there may be nobody in it: there are other people elsewhere.

    Raises:
        FeatureError: with all that is wrong with the study's functions.
    """
    cohort, faults = try_cohort(study, tables, tasks, known_later, may_be_empty=may_be_empty)
    if faults:
        raise FeatureError(*faults)
    return cohort


def try_cohort(
    study: str,
    tables: Tables,
    tasks: Collection[Task],
    known_later: Collection[str],
    *,
    may_be_empty: bool = False,
) -> tuple[Cohort, list[str]]:
    """The cohort with the features of every domain that can be built, and what is wrong with the others.

    Where it cannot be said who is in the cohort, everybody is.
    """
    contract = load_contract(study)
    faults: list[str] = []
    visible = visible_tables(tables, hidden_patterns(tasks, known_later), contract.person_key)
    try:
        people = study_features(study, tasks, known_later).people(visible).sort(PERSON)
    except FeatureError as error:
        faults += error.sentences
        key = pl.col(contract.person_key).alias(PERSON)
        people = tables[contract.person_table].select(key, pl.lit(None, pl.String).alias("reason")).sort(PERSON)
    inside = people.filter(pl.col("reason").is_null())
    if inside.is_empty() and not may_be_empty:
        faults.append(nobody(study))
    features, sources = inside.select(PERSON), dict[str, tuple[str, ...]]()
    for domain in domains_of(study, tables, tasks, known_later):
        try:
            built = build_features(inside, domain.tables, {domain.name: domain.function})
        except FeatureError as error:
            faults += error.sentences
        else:
            features = features.hstack(built.features.drop(PERSON).get_columns())
            sources |= {
                name: tuple(table for table in read if table != contract.person_table)
                for name, read in built.tables.items()
            }
    return Cohort(features, people.filter(pl.col("reason").is_not_null()), tables, sources), faults


def nobody(study: str) -> str:
    """What is said where a cohort has no people."""
    return f"nobody is in the cohort: the people function gives a reason against each person of {study}"


def value_faults(features: pl.DataFrame) -> list[str]:
    """What keeps features from being trained on: none at all, or numbers without bounds."""
    if features.width == 1:
        return ["no domain gives a feature"]
    numbers = features.select(pl.selectors.float().cast(pl.Float32).is_infinite().sum())
    return [
        f"feature {name} is infinite, or too large for 32 bits, for {count} people: is something divided by zero?"
        for name, count in numbers.row(0, named=True).items()
        if count
    ]


def domains_of(study: str, tables: Tables, tasks: Collection[Task], known_later: Collection[str]) -> tuple[Domain, ...]:
    """A study's domains, those of outcomes' own columns last.

    A domain gets the columns that no task hides, an own domain those that only the tasks hide that it is hidden from.
    """
    key, definition = load_contract(study).person_key, study_features(study, tasks, known_later)
    visible = visible_tables(tables, hidden_patterns(tasks, known_later), key)
    return (
        *(Domain(name, visible, function) for name, function in definition.domains.items()),
        *(
            Domain(name, own_tables(tables, tasks, known_later, own.hidden_from, key), own.function)
            for name, own in definition.own.items()
        ),
    )


def cohort_spec(study: str, cohort: Cohort, tasks: Collection[Task]) -> FeatureSpec:
    """The spec of a cohort's features: who must not see them, and which tables they need."""
    return feature_spec(cohort.features, hidden_domains(study, tasks), cohort.sources)


def hidden_domains(study: str, tasks: Collection[Task]) -> dict[str, tuple[str, ...]]:
    """The tasks that must not see an own domain, by its name."""
    named = {task.name for task in tasks}
    own = study_features(study).own
    return {name: tuple(task for task in each.hidden_from if task in named) for name, each in own.items()}
