"""Polars and pandas frames in, the same kind out; pandas is never imported for who does not use it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import polars as pl

Output = Literal["pandas", "polars"]


@dataclass(frozen=True)
class Table:
    """A frame as Polars holds it.

    Attributes:
        kind: what it was given as.
        index: its index, if it is a pandas frame.
    """

    frame: pl.DataFrame
    kind: Output = "polars"
    index: Any = None

    def give(self, frame: pl.DataFrame, kind: Output | None = None) -> Any:
        """A frame of the same rows as ``kind``, by default as this one was given."""
        return to_pandas(frame, self.index) if (kind or self.kind) == "pandas" else frame


def read_table(frame: Any, what: str = "frame") -> Table:
    """A Polars or pandas frame.

    Args:
        what: name of the parameter, for errors.

    Raises:
        TypeError: for anything else.
        ValueError: for a pandas frame with two columns of one name, or a column whose cells are of several kinds.
    """
    if isinstance(frame, pl.DataFrame):
        return Table(frame)
    if isinstance(frame, pl.LazyFrame):
        return Table(frame.collect())
    if not _is_pandas(frame):
        raise TypeError(f"{what} must be a Polars or pandas frame with named columns, not {type(frame).__name__}")
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        raise ValueError(f"{what} has {len(names) - len(set(names))} column names twice: give each column its own")
    columns = [_column(name, frame.iloc[:, place], what) for place, name in enumerate(names)]
    # a frame without columns still has rows
    return Table(pl.DataFrame(columns) if columns else pl.DataFrame(), "pandas", frame.index)


def _is_pandas(frame: Any) -> bool:
    """Whether it is a frame of pandas, which it can only be if pandas was imported."""
    return any(
        kind.__module__.split(".")[0] == "pandas" and kind.__name__ == "DataFrame" for kind in type(frame).__mro__
    )


def _column(name: str, column: Any, what: str) -> pl.Series:
    """A pandas column; ``pl.from_pandas`` would need pyarrow."""
    dtype = column.dtype
    kind = getattr(dtype, "kind", "O")
    if hasattr(dtype, "categories"):
        texts = [str(category) for category in dtype.categories]
        codes = pl.Series(name, column.cat.codes.to_numpy().astype("int32"))
        return codes.replace(-1, None).replace_strict(
            list(range(len(texts))), texts, default=None, return_dtype=pl.Enum(texts)
        )
    if kind in "biuf":
        if not hasattr(dtype, "numpy_dtype") and hasattr(dtype, "itemsize"):
            return pl.Series(name, column.to_numpy()).fill_nan(None) if kind == "f" else pl.Series(name, column)
        numbers = pl.Series(name, column.to_numpy(dtype="float64", na_value=float("nan"))).fill_nan(None)
        return numbers.cast(pl.Boolean if kind == "b" else pl.Int64) if kind in "bi" else numbers
    if kind == "M":
        return pl.Series(name, column.to_numpy().astype("datetime64[us]"))
    missing = column.isna().to_numpy()
    cells = [None if lacking else cell for cell, lacking in zip(column.tolist(), missing, strict=True)]
    if any(isinstance(cell, str) for cell in cells) and not all(isinstance(cell, str | None) for cell in cells):
        kinds = sorted({type(cell).__name__ for cell in cells if cell is not None})
        raise ValueError(f"{what}: column {name} has cells of several kinds ({', '.join(kinds)}): give it one")
    return pl.Series(name, cells, dtype=None if any(cell is not None for cell in cells) else pl.Null)


def to_pandas(frame: pl.DataFrame, index: Any = None) -> Any:
    """A Polars frame as pandas, without pyarrow.

    Raises:
        ValueError: if pandas is not installed.
    """
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise ValueError("pandas output needs pandas, which is not installed: pip install pandas") from None
    return pandas.DataFrame(
        {column.name: _cells(column, pandas) for column in frame}, index=index, columns=frame.columns
    )


def _cells(column: pl.Series, pandas: Any) -> Any:
    """Numbers keep their type and categories are such; texts and lists are objects."""
    if isinstance(column.dtype, pl.Enum):
        codes = column.to_physical().cast(pl.Int64).fill_null(-1).to_numpy()
        return pandas.Categorical.from_codes(codes, categories=column.dtype.categories.to_list())
    return column.to_numpy() if column.dtype.is_numeric() or column.dtype == pl.Boolean else column.to_list()
