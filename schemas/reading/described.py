"""What a file says of its own columns: types, labels, value labels, missing codes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

ColumnType = Literal["number", "text", "date", "datetime", "time"]
# in round or square brackets at the end of a label: "Weight (kg)"
_IN_BRACKETS = re.compile(r"[(\[]\s*([^()\[\]]{1,20}?)\s*[)\]]\s*$")


@dataclass(frozen=True, kw_only=True)
class ColumnMetadata:
    """One column as its file describes it.

    Attributes:
        name: its name, just as the file has it.
        type: what its cells hold. In a CSV, ``number`` where every cell that holds anything reads as a number.
        storage: type or format in the file's own words, such as ``double``, ``F8.2``, ``%td`` or ``Int64``.
        label: the variable label; empty where there is none, as in every CSV.
        value_labels: code as a CSV would hold it (``1``, ``.a``) to its label, in the file's order.
        missing_codes: codes that the file declares missing: user-missing values of SPSS, letters of Stata and SAS
            that occur or have a label (``.a``, ``.A``).
        missing_ranges: ranges that SPSS declares missing, both ends included; an open end is infinite.
    """

    name: str
    type: ColumnType
    storage: str = ""
    label: str = ""
    value_labels: Mapping[str, str] = field(default_factory=dict)
    missing_codes: tuple[str, ...] = ()
    missing_ranges: tuple[tuple[float, float], ...] = ()

    @property
    def unit(self) -> str:
        """What stands in brackets at the end of the label, which may be a unit: ``kg`` of ``Weight (kg)``."""
        found = _IN_BRACKETS.search(self.label)
        return found[1] if found else ""


@dataclass(frozen=True, kw_only=True)
class FileMetadata:
    """A file as it describes itself.

    Attributes:
        form: ``CSV``, ``Parquet``, ``Stata``, ``SPSS``, ``SAS`` or ``SAS transport``.
        n_rows: its rows.
        columns: its columns in its order.
        label: the data set's own label, where it has one.
    """

    form: str
    n_rows: int
    columns: tuple[ColumnMetadata, ...]
    label: str = ""

    def __getitem__(self, name: str) -> ColumnMetadata:
        """The column of that name.

        Raises:
            KeyError: if the file has none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"the file has no column {name}")


def column_type(dtype: pl.DataType) -> ColumnType:
    """What the cells of a column hold that a file stores so."""
    dated: dict[type[pl.DataType], ColumnType] = {pl.Date: "date", pl.Datetime: "datetime", pl.Time: "time"}
    numeric = dtype.is_numeric() or dtype == pl.Boolean
    return dated.get(dtype.base_type(), "number" if numeric else "text")
