"""A night reads people in shards: what a study's functions say of a person may not depend on who else is there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from flows.features.build import Tables, build_features, functions_of
from flows.features.cohort import Cohort, Domain, domains_of
from flows.features.guard import FeatureError, TableFunction
from flows.features.lookup import study_features
from flows.features.view import hidden_patterns, visible_tables
from flows.project.settings import StudySettings
from mtl_models.data.dataset import PERSON
from schemas.contract import load_contract

SIZES = (1, 1, 1, 1, 2, 3, 200)
"""People of each part that is read alone: few show a mode or a maximum that many share, many show a rank."""
TRIED = "tried with a few of its people, as a shard has them"
REMEDY = (
    "make it of the person's own rows alone (a constant, or `.over()` the person key), and leave means, ranks and "
    "scales to the model, which learns them from training people"
)


def others_faults(study: str, cohort: Cohort, settings: StudySettings, said: Collection[str] = ()) -> list[str]:
    """A sentence for every column that changes for a person when fewer others are read, and for what then fails.

    ``said``: faults that were found before; a failure that they begin with is not said again.
    """
    key, tasks, later = load_contract(study).person_key, settings.task_records, settings.known_later
    parts = parts_of(cohort.features[PERSON])
    if not parts:
        return []
    tried = _with_people(cohort.tables, key, pl.concat(parts).unique())
    faults = list(_people_faults(study, cohort, settings, key))
    for domain in domains_of(study, tried, tasks, later):
        for function in functions_of(domain.function):
            try:
                faults += _column_faults(study, cohort, domain, function, key, parts)
            except FeatureError as error:
                new = (each for each in error.sentences if not any(fault.startswith(each) for fault in said))
                faults += [f"{sentence} ({TRIED})" for sentence in new]
    return list(dict.fromkeys(faults))


def parts_of(persons: pl.Series) -> list[pl.Series]:
    """Parts of some people, each spread over all of them, and none with more than half of them."""
    n, parts = len(persons), []
    for place, size in enumerate(SIZES, 1):
        size = min(size, n // 2)
        at = [int((step + place / (len(SIZES) + 1)) * n / size) for step in range(size)]
        parts += [persons.gather(at)] if at else []
    return parts


def _column_faults(
    study: str, cohort: Cohort, domain: Domain, function: TableFunction, key: str, parts: list[pl.Series]
) -> Iterator[str]:
    n_tried: dict[str, int] = {}
    n_other: dict[str, int] = {}
    for part in parts:
        whole = cohort.features.filter(pl.col(PERSON).is_in(part.implode()))
        tables = _Rows(domain.tables, key, part)
        alone = build_features(whole, tables, {domain.name: function}).features
        for name in alone.columns[1:]:
            n_tried[name] = n_tried.get(name, 0) + whole.height
            n_other[name] = n_other.get(name, 0) + _n_other(whole[name], alone[name])
    who = f"{function.__name__} of domain {domain.name} of {study}"
    for name, n in n_other.items():
        if n:
            yield _sentence(f"{who}: feature {name}", n, n_tried[name])


def _people_faults(study: str, cohort: Cohort, settings: StudySettings, key: str) -> Iterator[str]:
    tasks, later = settings.task_records, settings.known_later
    reasons = pl.concat(
        [cohort.features.select(PERSON, pl.lit(None, pl.String).alias("reason")), cohort.excluded]
    ).sort(PERSON)
    function = study_features(study, tasks, later).people
    visible = visible_tables(cohort.tables, hidden_patterns(tasks, later), key)
    n_tried = n_other = 0
    for part in parts_of(reasons[PERSON]):
        try:
            alone = function(_Rows(visible, key, part)).sort(PERSON)
        except FeatureError as error:
            yield from (f"{sentence} ({TRIED})" for sentence in error.sentences)
            return
        whole = reasons.filter(pl.col(PERSON).is_in(part.implode()))
        n_tried += whole.height
        n_other += whole.height if alone.height != whole.height else _n_other(whole["reason"], alone["reason"])
    if n_other:
        yield _sentence(f"the people function of {study}: who is in the cohort", n_other, n_tried)


def _n_other(whole: pl.Series, alone: pl.Series) -> int:
    """How many people's values differ, missing ones and types included."""
    return len(whole) if whole.dtype != alone.dtype else int(whole.ne_missing(alone).sum())


def _sentence(what: str, n_other: int, n_tried: int) -> str:
    return (
        f"{what} depends on who else is in the tables: read without the others, {n_other} of {n_tried} people tried "
        f"get another value; a night reads people in shards, so {REMEDY}"
    )


def _with_people(tables: Tables, key: str, persons: pl.Series) -> Tables:
    return {name: table.filter(pl.col(key).is_in(persons.implode())) for name, table in tables.items()}


class _Rows(Mapping[str, pl.DataFrame]):
    """Tables with the rows of some people, each made when it is asked for."""

    def __init__(self, tables: Tables, key: str, persons: pl.Series) -> None:
        self._tables, self._mine = tables, pl.col(key).is_in(persons.implode())

    def __getitem__(self, name: str) -> pl.DataFrame:
        __tracebackhide__ = True  # an error arises in the function that asked
        return self._tables[name].filter(self._mine)

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)
