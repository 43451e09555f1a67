"""People of past months with what was predicted and what came of them, as many as tell enough and no more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from flows.nightly.judging.evidence import Evidence
from flows.nightly.landing.outcomes import landed_outcomes
from flows.nightly.person_keys import PersonKeys, person_keys
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task

ROWS_A_MONTH = 2_000_000
"""So many scored rows of a month are read at most, or one date of it: more would take minutes and tell no more."""
_PARTS = 1_000_000
_NAME = "published_name"


@dataclass(frozen=True)
class Month:
    """The people of a month.

    Attributes:
        name: as 2026-11.
        version: the model that scored most of them.
        said: a row a person: key, date, model and predictions, null where none was made.
    """

    name: str
    version: str
    said: pl.DataFrame


def months_of(study: Study, nights: pl.DataFrame, tasks: Sequence[Task], people: int, most: int) -> Iterator[Month]:
    """The months of some nights, the oldest first; of each some people, each with their first prediction in it.

    Who is looked at depends on their key alone, so it is the same people every night; not all of their rows are held.

    Args:
        nights: ``batch`` and ``n_scored`` of every date that was scored.
        tasks: whose predictions are read.
        people: so many of a month, about.
        most: the last so many months.
    """
    store = study.tables.scores.store
    there = set(next(iter(store.frames())).columns)
    columns = [PERSON, "score_date", "model_version"]
    columns += [name for task in tasks for name in task.prediction_columns if name in there]
    by_month = nights.with_columns(pl.col("batch").str.head(7).alias("month")).sort("batch")
    for (name,), rows in list(by_month.group_by("month", maintain_order=True))[-most:]:
        chosen = _chosen(rows)
        share = min(1.0, people / max(int(chosen["n_scored"].sum()), 1))
        mine = pl.col(PERSON).hash(0) % _PARTS < int(share * _PARTS)
        drawn = pl.col(PERSON).is_not_null() if share == 1 else mine
        parts = [frame.filter(drawn) for date in chosen["batch"] for frame in store.frames(date, columns=columns)]
        said = pl.concat(parts).unique(PERSON, keep="first", maintain_order=True)
        if said.height:
            version = said["model_version"].value_counts(sort=True)["model_version"][0]
            yield Month(str(name), version, said)


def _chosen(nights: pl.DataFrame) -> pl.DataFrame:
    """Nights of a month that are read, spread over it."""
    total = int(nights["n_scored"].sum())
    step = -(-total // ROWS_A_MONTH) if total else 1
    return nights.gather_every(min(step, nights.height))


def outcomes_of(study: Study, until: str, names: pl.Series) -> pl.DataFrame:
    """What had come by the end of a date of people who stand in the scores by some names: see `landed_outcomes`.

    Returns:
        That, and ``published_name`` of each.
    """
    keys = person_keys(study)
    people = _plain(study, keys, names) if keys.are_hashed else names
    found = landed_outcomes(study, until, people)
    return found.with_columns(keys.named(found.select(PERSON))[PERSON].alias(_NAME))


def _plain(study: Study, keys: PersonKeys, names: pl.Series) -> pl.Series:
    """The keys of people whose hashes are some names."""
    found, wanted = [pl.Series(PERSON, [], pl.String)], names.implode()
    store = study.tables.landed.store
    only = ("table", study.contract.person_table)
    for frame in store.frames(only=only, columns=["table", PERSON]) if store.exists() else ():
        plain = frame.select(PERSON).unique()
        found.append(plain.filter(keys.named(plain)[PERSON].is_in(wanted))[PERSON])
    return pl.concat(found).unique()


def outcome_columns(task: Task) -> list[str]:
    """The columns in which :func:`with_outcomes` gives what came: the prediction of a number is named as its target."""
    return [f"{name}__outcome" for name in task.target_columns]


def with_outcomes(study: Study, month: Month, outcomes: pl.DataFrame) -> pl.DataFrame:
    """A month's people whom their model had not learned from, with what came of them; null for whom nothing did."""
    tasks = study.settings.task_records
    named = {
        name: held for task in tasks for name, held in zip(task.target_columns, outcome_columns(task), strict=True)
    }
    outcomes = outcomes.rename(named)
    joined = month.said.rename({PERSON: _NAME}).join(outcomes, on=_NAME, how="left", maintain_order="left")
    learned = pl.Series([False] * joined.height, dtype=pl.Boolean)
    for version in joined["model_version"].unique():
        if study.registry.version_folder(version).is_dir():
            mine = Evidence.of(study.registry, version).learned_from(joined[PERSON])
            learned |= (joined["model_version"] == version) & (False if mine is None else mine)
    return joined.filter(~learned.fill_null(False))
