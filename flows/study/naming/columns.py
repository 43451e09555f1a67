"""Columns of the contract that a study's block names: outcomes, leaks, what is known later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from flows.features.view import hidden_patterns, is_hidden
from mtl_models.wording import nearest
from schemas.patterns import covered

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.data.tasks import Task
    from schemas.contract import Contract

Columns = Mapping[str, list[str]]
"""The columns of each table, the person key left out."""


def columns_of(contract: Contract) -> Columns:
    """The columns of every table of a contract, without the person key, which is never a feature."""
    from schemas.fields import ModelView

    return {
        table: [column for column in ModelView.of(model).dtypes if column != contract.person_key]
        for table, model in contract.tables.items()
    }


def column_faults(
    settings: StudySettings, tasks: Iterable[Task], contract: Contract, *, every_task: bool = True
) -> list[str]:
    """Patterns that match no column, tasks that name none, auxiliary tasks made of what is shown, what is named near
    and is hidden, nothing left to see.

    Args:
        tasks: the study's tasks and auxiliary ones, as far as they are sound.
        every_task: whether these are all; else what they hide is not all that is hidden.
    """
    columns, tasks = columns_of(contract), list(tasks)
    faults = [
        f"{place}: {fault}"
        for place, patterns in _places(settings, tasks)
        for pattern in patterns
        if (fault := pattern_fault(pattern, columns, contract.person_key))
    ]
    hidden = hidden_patterns((task for task in tasks if task.role == "main"), settings.known_later)
    for task in tasks:
        if not task.columns:
            faults.append(
                f"{_key(task)}.columns: must name what the outcome is made of: it is hidden from the features"
            )
        if task.role == "auxiliary" and every_task:
            of_task = (name.partition(".") for name in matched(task.columns, columns))
            shown = [f"{table}.{name}" for table, _, name in of_task if not is_hidden(table, name, hidden)]
            faults += [f"{_key(task)}.columns: {name} is shown to every task: a leak or known later?" for name in shown]
        mine = set(matched((*task.columns, *task.leaks, *settings.known_later), columns))
        near = matched(settings.near.get(task.name, ()), columns)
        faults += [f"near.{task.name}: {name} is hidden from the task: leave it out" for name in near if name in mine]
    if not any(not is_hidden(table, column, hidden) for table, names in columns.items() for column in names):
        faults.append("known_later: with the tasks' columns and leaks it hides every column: no feature is left")
    return faults


def _places(settings: StudySettings, tasks: Iterable[Task]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "known_later", settings.known_later
    yield "validation.exempt", settings.validation.exempt
    yield from ((f"near.{name}", tuple(named)) for name, named in settings.near.items())
    for task in tasks:
        yield f"{_key(task)}.columns", task.columns
        yield f"{_key(task)}.leaks", task.leaks


def _key(task: Task) -> str:
    return f"{'tasks' if task.role == 'main' else 'auxiliary'}.{task.name}"


def matched(patterns: Iterable[str], columns: Columns) -> list[str]:
    """Full names of the columns that some patterns cover."""
    patterns = list(patterns)
    return [f"{table}.{name}" for table, each in columns.items() for name in each if covered(patterns, table, name)]


def pattern_fault(pattern: str, columns: Columns, person_key: str) -> str | None:
    """What is wrong with a pattern ``TABLE.COLUMN``, with the nearest right one; nothing if it covers a column."""
    if matched([pattern], columns):
        return None
    table, dot, column = pattern.partition(".")
    names = [f"{table}.{column}" for table, each in columns.items() for column in each]
    if matched([pattern.strip()], columns):
        return f"{pattern!r} has a blank beside it{_so(pattern.strip())}"
    if pattern in columns:
        return f"{pattern!r} is a table: write TABLE.COLUMN{_so(f'{pattern}.*')}"
    within = [f"{table}.{name}" for table, each in columns.items() for name in each if name.lower() == pattern.lower()]
    if not dot or (within and table not in columns):
        near = within[0] if len(within) == 1 else nearest(pattern, columns)
        return f"{pattern!r} lacks its table: write TABLE.COLUMN{_so(near)}"
    if column == person_key and table in columns:
        return f"{pattern!r} is the person key, which is never a feature: leave it out"
    if table not in columns and not any(fnmatchcase(each, table) for each in columns):
        other = nearest(table, columns)
        near = _nearest_column(column, other, columns) if other else nearest(pattern, names)
        return f"{pattern!r} is in no table of the contract{_so(near or other)}"
    if any(sign in pattern for sign in "*?["):
        return f"{pattern!r} matches no column of the contract{_so(nearest(pattern, names))}"
    near = _nearest_column(column, table, columns) or nearest(pattern, names)
    return f"{pattern!r} is no column of the contract{_so(near)}"


def _nearest_column(column: str, table: str, columns: Columns) -> str | None:
    if column == "*":
        return f"{table}.*"
    found = nearest(column, columns[table])
    return f"{table}.{found}" if found else None


def _so(near: str | None) -> str:
    return f"; the nearest is {near!r}" if near else ""
