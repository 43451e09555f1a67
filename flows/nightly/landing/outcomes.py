"""Outcomes that came in with drops, for whoever compares them with scores: what they are, and since when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from flows.features.targets import cohort_targets
from flows.features.view import is_hidden
from flows.nightly.landing.newest import columns_of, newest_rows
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from schemas.fields import ModelView
from schemas.reading.text_table import TextTable
from schemas.splitting.intake import FILE, LINE
from schemas.splitting.study import split_tables


def landed_outcomes(study: Study, until: str, people: pl.Series | None = None) -> pl.DataFrame:
    """The targets of people whose rows landed, as they were known at the end of a date.

    They are made by the study's own function from the newest rows, which the contract of now splits. Cohort rules are
    not asked: join it with the scores of the people in question. Their keys are those of the drops: where published
    tables hold keyed hashes, hash them first.

    Args:
        study: whose people they are.
        until: ISO date.
        people: the only ones to look at; everybody if left out, which takes memory for all of them.

    Returns:
        ``person_id``; the target columns of every task, null where there is no outcome yet; and for each task
        ``<task>__came_on``, the date on which the last of the columns that it is made of first held something. In the
        order of the persons' keys.
    """
    contract, tasks = study.contract, study.settings.task_records
    names = [name for name in contract.tables if name == contract.person_table or _columns(study, name, tasks)]
    landed = study.tables.landed
    came: dict[str, list[pl.DataFrame]] = {task.name: [] for task in tasks}
    texts: dict[str, TextTable] = {}
    for name in names if landed.exists() else ():
        view = ModelView.of(contract.tables[name])
        rows = landed.until(until, name, columns_of(view), people=people)
        for task in tasks:
            came[task.name] += _came(rows, _columns(study, name, (task,)))
        texts[name] = text_of(name, newest_rows(rows, view), view)
    tables = {name: table.valid for name, table in split_tables(texts.get, contract).tables.items()}
    persons = tables[contract.person_table].select(pl.col(contract.person_key).alias(PERSON)).sort(PERSON)
    targets = cohort_targets(study.name, tables, persons, tasks)
    return targets.hstack(pl.DataFrame(list(_dates(persons, came))))


def _columns(study: Study, table: str, tasks: tuple[Task, ...]) -> list[str]:
    """The columns of a table that tasks are made of."""
    patterns = [pattern for task in tasks for pattern in task.columns]
    rules = ModelView.of(study.contract.tables[table]).rules
    return [name for name in rules if name != study.contract.person_key and is_hidden(table, name, patterns)]


def _came(rows: pl.DataFrame, columns: list[str]) -> Iterator[pl.DataFrame]:
    """When a person's columns first held something, all of one table."""
    if columns and rows.height:
        held = rows.select(columns).fill_null("").select(pl.any_horizontal(pl.all() != "")).to_series()
        yield rows.filter(held).group_by(PERSON).agg(pl.col("landed_on").min())


def text_of(name: str, newest: pl.DataFrame, view: ModelView) -> TextTable:
    """The newest rows of a table as text that the contract splits."""
    columns = list(view.rules)
    lines, files = newest[LINE].alias("line"), newest[FILE].alias("file")
    return TextTable(name, name, newest.select(columns), lines, tuple(columns), (), files)


def _dates(persons: pl.DataFrame, came: Mapping[str, list[pl.DataFrame]]) -> Iterator[pl.Series]:
    for name, frames in came.items():
        empty = pl.DataFrame(schema={PERSON: pl.String, "landed_on": pl.Date})
        last = pl.concat([empty, *frames]).group_by(PERSON).agg(pl.col("landed_on").max())
        joined = persons.join(last, on=PERSON, how="left", maintain_order="left")
        yield joined["landed_on"].alias(f"{name}__came_on")
