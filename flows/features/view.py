"""What a model may see: the source columns that are hidden before any feature is computed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from mtl_models.data.tasks import Task
from schemas.patterns import covered

if TYPE_CHECKING:
    import polars as pl


def hidden_patterns(tasks: Iterable[Task], known_later: Iterable[str] = ()) -> tuple[str, ...]:
    """Patterns ``TABLE.COLUMN`` or ``TABLE.*`` that no feature may read.

    They are derived from the task records: the columns of every target, auxiliary ones too, every leak, and the
    columns that are known only after the prediction moment.
    """
    patterns = set(known_later)
    for task in tasks:
        patterns.update(task.columns, task.leaks)
    return tuple(sorted(patterns))


def is_hidden(table: str, column: str, patterns: Collection[str]) -> bool:
    """Whether a pattern covers the column."""
    return covered(patterns, table, column)


def forbidden_patterns(tasks: Iterable[Task], known_later: Iterable[str] = ()) -> tuple[str, ...]:
    """Patterns that no task may see in any view: what is known only later, and the columns of auxiliary tasks."""
    patterns = set(known_later)
    for task in tasks:
        if task.role == "auxiliary":
            patterns.update(task.columns)
    return tuple(sorted(patterns))


def hidden_from(table: str, column: str, tasks: Iterable[Task]) -> frozenset[str]:
    """Names of the tasks whose own columns or leaks cover the column."""
    return frozenset(task.name for task in tasks if is_hidden(table, column, (*task.columns, *task.leaks)))


def why_hidden(table: str, column: str, tasks: Iterable[Task], known_later: Iterable[str] = ()) -> str:
    """Why a column is hidden, as the end of a sentence: ``the target of task a and a leak of task b``."""
    reasons = []
    for task in tasks:
        if is_hidden(table, column, task.columns):
            reasons.append(f"{'a' if len(task.columns) > 1 else 'the'} target column of task {task.name}")
        elif is_hidden(table, column, task.leaks):
            reasons.append(f"a leak of task {task.name}")
    if is_hidden(table, column, tuple(known_later)):
        reasons.append("known only after the prediction moment")
    return " and ".join(reasons)


def visible_tables(
    tables: Mapping[str, pl.DataFrame], patterns: Collection[str], person_key: str
) -> dict[str, pl.DataFrame]:
    """The tables without their hidden columns; a table that keeps nothing but its key is left out.

    A feature function gets these and nothing else, so a column that is hidden cannot reach the matrix.
    """
    return _select(tables, person_key, lambda table, column: not is_hidden(table, column, patterns))


def own_tables(
    tables: Mapping[str, pl.DataFrame],
    tasks: Collection[Task],
    known_later: Iterable[str],
    allowed: Collection[str],
    person_key: str,
) -> dict[str, pl.DataFrame]:
    """The tables with the columns that no task but the ``allowed`` ones must not see.

    An outcome's own feature domain gets these and nothing else: whatever it computes may be shown to every other task.
    """
    forbidden = forbidden_patterns(tasks, known_later)
    return _select(
        tables,
        person_key,
        lambda table, column: (
            not is_hidden(table, column, forbidden) and hidden_from(table, column, tasks) <= frozenset(allowed)
        ),
    )


def _select(
    tables: Mapping[str, pl.DataFrame], person_key: str, keep: Callable[[str, str], bool]
) -> dict[str, pl.DataFrame]:
    """The person key and the columns to keep of every table that has any."""
    visible = {}
    for name, frame in tables.items():
        kept = [column for column in frame.columns if column == person_key or keep(name, column)]
        if kept != [person_key]:
            visible[name] = frame.select(kept)
    return visible
