"""The files that a study is made of, read as text with what they say of their own columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl

from mtl_models.wording import Faults
from schemas.faults import TableFault
from schemas.metadata import read_described
from schemas.reading.described import ColumnMetadata

_INDEX = re.compile(r"unnamed: ?\d+|index|level_\d+|__index_level_\d+__|row\.?names|", re.IGNORECASE)
_NO_TABLE = ("Duration", "Binary", "List", "Array", "Struct", "Object")  # how Parquet stores what no column may be
DATE = "a date, which no table can have yet: put a number in its place, such as days since the admission"


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

    def is_index(self, column: str) -> bool:
        """Whether a column is called as pandas and R call a numbering of the rows."""
        return _INDEX.fullmatch(column) is not None

    def unfit(self, column: str) -> str:
        """Why a column cannot be one of a table, as far as the file says; empty if it can."""
        described = self.columns[column]
        if described.type in ("date", "datetime"):
            return DATE
        if not column or not column.isprintable():
            return "its name is empty or has signs that cannot be seen: rename it in the file"
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
    if name.lower() == "splits":
        raise NewStudyError(f"{path.name}: the folder of the split has that name: rename the file")
    try:
        described, text = read_described(path)
    except TableFault as error:
        raise NewStudyError(str(error)) from None
    if not text.height:
        raise NewStudyError(f"{path.name} has no row below its header")
    columns = {column.name.strip(): replace(column, name=column.name.strip()) for column in described.columns}
    if len(columns) < text.width:
        raise NewStudyError(f"{path.name}: two columns have names that differ in blanks alone: rename one")
    bare = text.select(pl.all().str.strip_chars().replace("", None))
    bare.columns = list(columns)
    return SourceTable(name, path, bare, columns, " ".join(described.label.split()))


def _alike(table: str) -> str:
    """What tables must differ in: their classes and functions are called so."""
    return table.replace("_", "").lower().removeprefix("table")


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
    files: dict[str, list[str]] = {}
    for table in tables:
        files.setdefault(_alike(table.name), []).append(table.path.name)
    faults += [
        f"the names of {' and '.join(alike)} are too much alike for two tables: rename one"
        for alike in files.values()
        if len(alike) > 1
    ]
    if faults:
        raise NewStudyError(*faults)
    return tuple(tables)
