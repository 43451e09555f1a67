"""Which features are made of a source column: those that change when the column is empty."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import polars as pl

from flows.features.build import Tables, build_features, functions_of
from flows.features.cohort import Cohort, Domain, domains_of
from flows.features.guard import FeatureError, TableFunction
from flows.project.settings import StudySettings
from mtl_models.data.dataset import PERSON
from mtl_models.data.describe import domain_of
from schemas.contract import load_contract
from schemas.patterns import covered


def features_of(
    study: str, cohort: Cohort, settings: StudySettings, patterns: Sequence[str], among: Collection[str] = ()
) -> dict[str, frozenset[str]]:
    """For each pattern ``TABLE.COLUMN`` or ``TABLE.*`` the features that change when its columns are empty.

    Args:
        among: only these features are looked at; all if left out.
    """
    contract = load_contract(study)
    found: dict[str, set[str]] = {pattern: set() for pattern in patterns}
    names = frozenset(among or cohort.sources)
    for domain in domains_of(study, cohort.tables, settings.task_records, settings.known_later):
        if not any(domain_of(name) == domain.name for name in names):
            continue
        for function in functions_of(domain.function):
            built = build_features(cohort.features, domain.tables, {domain.name: function})
            read = {table for name in names & built.tables.keys() for table in built.tables[name]}
            for pattern in patterns:
                emptied = _emptied(domain.tables, pattern, contract.person_key, read)
                if emptied:
                    found[pattern] |= _changed(cohort, domain, function, emptied) & names
    return {pattern: frozenset(each) for pattern, each in found.items()}


def _emptied(tables: Tables, pattern: str, key: str, read: Collection[str]) -> dict[str, pl.DataFrame]:
    """The tables that were read and that the pattern covers columns of, those columns empty."""
    emptied = {}
    for name in read:
        frame = tables[name]
        if columns := [each for each in frame.columns if each != key and covered((pattern,), name, each)]:
            emptied[name] = frame.with_columns(pl.lit(None, frame.schema[each]).alias(each) for each in columns)
    return emptied


def _changed(cohort: Cohort, domain: Domain, function: TableFunction, emptied: Tables) -> set[str]:
    try:
        other = build_features(cohort.features, {**domain.tables, **emptied}, {domain.name: function}).features
    except FeatureError:  # said elsewhere: a night may come without the column's table
        return set()
    same = (name for name in other.columns if other[name].equals(cohort.features[name], null_equal=True))
    return set(other.columns) - {PERSON, *same}
