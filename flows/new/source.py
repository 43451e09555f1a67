"""The files that a study is made of, read as text with what they say of their own columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from flows.project.errors import Faults
from schemas.faults import TableFault
from schemas.metadata import read_described
from schemas.reading.described import ColumnMetadata

_INDEX = re.compile(r"unnamed: ?\d+|index|level_\d+|__index_level_\d+__|row\.?names|", re.IGNORECASE)
_NO_TABLE = ("Duration", "Binary", "List", "Array", "Struct", "Object")  # how Parquet stores what no column may be
DATE = "a date, which no table has yet"


class NewStudyError(Faults):
    """A study cannot be written from what was given; nothing was written."""


@dataclass(frozen=True)
class SourceTable:
    """A file as a table of text.

    Attributes:
        name: of the table: the file's name without its end, signs made underscores.
        path: of the file.
        frame: every column as text, blanks around a cell taken away, null where it is empty.
        columns: what the file says of each.
        title: what it says of itself.
    """

    name: str
    path: Path
    frame: pl.DataFrame = field(repr=False)
    columns: Mapping[str, ColumnMetadata]
    title: str = ""

    def unfit(self, column: str) -> str:
        """Why a column cannot be one of a table, as far as the file says; empty if it can."""
        described = self.columns[column]
        if _INDEX.fullmatch(column):
            return "an index that pandas or R added"
        if described.type in ("date", "datetime"):
            return DATE
        if column == "*" or (column.startswith("^") and column.endswith("$")):
            return "its name is a pattern: rename it in the file"
        return "neither text nor number" if described.storage.startswith(_NO_TABLE) else ""


def read_source(path: Path) -> SourceTable:
    """A file of a study.

    Raises:
        NewStudyError: if it cannot be read as a table.
    """
    name = re.sub(r"\W+", "_", path.stem, flags=re.ASCII).strip("_")
    if not name:
        raise NewStudyError(f"{path.name}: the name has no letter or digit to call a table by: rename the file")
    try:
        described, text = read_described(path)
    except TableFault as error:
        raise NewStudyError(str(error)) from None
    if not text.height:
        raise NewStudyError(f"{path.name} has no row below its header")
    columns = {column.name: column for column in described.columns}
    bare = text.select(pl.all().str.strip_chars().replace("", None))
    return SourceTable(name, path, bare, columns, " ".join(described.label.split()))


def read_sources(paths: list[Path]) -> tuple[SourceTable, ...]:
    """All files of a study.

    Raises:
        NewStudyError: with all that is wrong with them.
    """
    tables: list[SourceTable] = []
    faults: list[str] = []
    for path in paths:
        try:
            tables.append(read_source(path))
        except NewStudyError as error:
            faults += error.sentences
    names = [table.name for table in tables]
    faults += [f"two files are called {name}: rename one" for name in sorted({n for n in names if names.count(n) > 1})]
    if faults:
        raise NewStudyError(*faults)
    return tuple(tables)
