"""What a check of an installation finds, and what the checks share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from flows.project.settings import read_studies
from flows.study.load import read_study
from flows.study.study import Study

if TYPE_CHECKING:
    from flows.doctor.api import Api

State = Literal["ok", "fault", "note"]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor.

    Attributes:
        state: ``fault`` where nights fail or may fail, ``note`` where somebody should know.
        words: what was found, a sentence without patient data.
        next: what to type or do; empty where all is well.
    """

    state: State
    words: str
    next: str = ""


@dataclass(frozen=True)
class Place:
    """An installation.

    Attributes:
        root: the project's folder.
        home: Prefect's folder.
        now: the moment of the look.
        api: Prefect's server.
        only: the one study that is looked at; all if left out.
    """

    root: Path
    home: Path
    now: dt.datetime
    api: Api
    only: str | None = None

    @cached_property
    def studies(self) -> list[Study]:
        """The studies whose settings can be read, faults of theirs left aside."""
        found = []
        for name in read_studies(self.root):
            if self.only in (None, name):
                settings, _ = read_study(self.root, name, depth="block")
                if settings is not None:
                    found.append(Study(self.root, name, "block").with_settings(settings))
        return found


Check = Callable[[Place], Iterator[Finding]]
"""Looks at an installation as a whole."""
StudyCheck = Callable[[Place, Study], Iterator[Finding]]
"""Looks at what an installation holds of a study."""


def some(names: list[str], most: int = 3) -> str:
    """Some of the names, and how many more there are."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
