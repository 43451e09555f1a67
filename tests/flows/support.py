"""What tests of whole nights ask the heart study's copy of the project."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
from deltalake import DeltaTable

from flows.stores.delta_files import read_delta
from tests.support import NIGHT, Project


def table(project: Project, name: str) -> pl.DataFrame:
    """A published table, all its dates."""
    return read_delta(project.folder / "data" / "tables" / "heart" / name)


def version(project: Project, name: str) -> int:
    """The newest version of a published table."""
    return DeltaTable(str(project.folder / "data" / "tables" / "heart" / name)).version()


def scores_of(project: Project, date: str = NIGHT) -> pl.DataFrame:
    """The published scores of a date."""
    return table(project, "scores").filter(pl.col("score_date") == date)


def drop_of(project: Project, date: str) -> Path:
    """A second drop, the same people, to be spoilt by a test."""
    inbox = project.folder / "data" / "inbox" / "heart"
    shutil.copytree(inbox / NIGHT, inbox / date)
    return inbox / date
