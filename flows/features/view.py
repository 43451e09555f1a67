"""What a model may see: the source columns that are hidden before any feature is computed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase

import polars as pl

from mtl_models.tasks import Task


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
    return any(fnmatchcase(f"{table}.{column}", pattern) for pattern in patterns)


def visible_tables(
    tables: Mapping[str, pl.DataFrame], patterns: Collection[str], person_key: str
) -> dict[str, pl.DataFrame]:
    """The tables without their hidden columns; a table that keeps nothing but its key is left out.

    A feature function gets these and nothing else, so a column that is hidden cannot reach the matrix.
    """
    visible = {}
    for name, frame in tables.items():
        kept = [column for column in frame.columns if column == person_key or not is_hidden(name, column, patterns)]
        if kept != [person_key]:
            visible[name] = frame.select(kept)
    return visible
