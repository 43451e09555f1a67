"""What was told of a study and is not mended yet, in a file. To ask it imports no Prefect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from filelock import FileLock

from flows.project.paths import read_json, write_json
from flows.study.study import Study

KEPT = dt.timedelta(days=30)
"""So long a thing that nobody mends is remembered."""


def is_told(study: Study, thing: str) -> bool:
    """Whether a thing was told of and is not mended yet."""
    return thing in told_of(study)


def told_of(study: Study) -> dict[str, Any]:
    """All of them by name."""
    return read_json(study.paths.told) if study.paths.told.is_file() else {}


@contextmanager
def open_things(study: Study) -> Iterator[dict[str, Any]]:
    """The things that are open by name, written back at the end; nobody else changes them meanwhile."""
    path = study.paths.told
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=60):
        before = read_json(path) if path.is_file() else {}
        oldest = (now() - KEPT).isoformat()
        things = {thing: told for thing, told in before.items() if told["since"] > oldest}
        yield things
        if things != before:
            write_json(path, things)


def now() -> dt.datetime:
    """This moment in UTC."""
    return dt.datetime.now(dt.UTC)
