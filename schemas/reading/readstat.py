"""Files of Stata, SPSS and SAS taken in whole: cells as text, and what the file says of its columns."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from schemas.faults import TableFault
from schemas.reading.described import ColumnMetadata, FileMetadata, column_type
from schemas.reading.forms import PACKAGES
from schemas.reading.whole import check_whole

_READERS = {".dta": "read_dta", ".sav": "read_sav", ".sas7bdat": "read_sas7bdat", ".xpt": "read_xport"}
_WHOLE = 2.0**53  # from there on a float may be the neighbour of what was meant
_DIGITS = 15  # significant decimals that a double keeps; what follows them is noise


@dataclass(frozen=True, kw_only=True)
class StatisticsFile:
    """A file of a statistics package.

    Attributes:
        metadata: what it says of itself.
        stored: its cells as ``Float32``, ``Float64``, ``String``, ``Date``, ``Datetime`` or ``Time``, null if missing.
        text: its cells as a CSV would hold them. A code that is declared missing still stands here, a letter that
            Stata or SAS puts for missing as ``.a``; a blank is null.
    """

    metadata: FileMetadata
    stored: pl.DataFrame = field(repr=False)
    text: pl.DataFrame = field(repr=False)


def read_statistics(data: bytes, suffix: str, file: str, *, table: str) -> StatisticsFile:
    """A file of Stata, SPSS or SAS, as its ``suffix`` says; ``file`` is its name in errors.

    Raises:
        TableFault: if it is damaged, cut off or another kind of file.
    """
    frame, meta = _read(data, suffix, file, table)
    check_whole(data, suffix, file, table, n_rows=frame.height, width=sum(meta.variable_storage_width.values()))
    letters = {name: tuple(codes) for name, codes in (meta.missing_user_values or {}).items()}
    columns = [_stored(column, meta) for column in frame.iter_columns()]
    text = [
        _with_letters(_text(stored, meta), whole, suffix) if whole.dtype == pl.Object else _text(stored, meta)
        for stored, whole in zip(columns, frame.iter_columns(), strict=True)
    ]
    return StatisticsFile(
        metadata=FileMetadata(
            form=PACKAGES[suffix],
            n_rows=frame.height,
            columns=tuple(_described(column, meta, letters.get(column.name, ())) for column in columns),
            label=meta.file_label or "",
        ),
        stored=pl.DataFrame(columns),
        text=pl.DataFrame(text),
    )


def _read(data: bytes, suffix: str, file: str, table: str) -> tuple[pl.DataFrame, Any]:
    import pyreadstat  # numpy and narwhals come with it: half a second that a study of CSV files need not wait

    read = getattr(pyreadstat, _READERS[suffix])
    # letters for missing are told apart in these; a transport file's are blanks
    options = {} if suffix == ".xpt" else {"user_missing": True}
    # old files do not say how their letters are coded: what is not UTF-8 is read as Windows wrote it
    for encoding in (None, "WINDOWS-1252"):
        try:
            return read(io.BytesIO(data), output_format="polars", encoding=encoding, **options)  # type: ignore[no-any-return]
        except Exception as error:  # a damaged file fails in many ways, and its message may quote what it read
            if isinstance(error, UnicodeDecodeError) or "convert" in str(error):
                continue
            break
    raise TableFault(table, f"{file} is no {PACKAGES[suffix]} file, or a damaged or cut off one: deliver it again")


def _stored(column: pl.Series, meta: Any) -> pl.Series:
    """The column in the type in which the file stores it; letters for missing are null."""
    name = column.name
    if column.dtype == pl.Object:
        numbers = [value if isinstance(value, (int, float)) else None for value in column.to_list()]
        column = pl.Series(name, numbers, dtype=pl.Float64)
    if column.dtype.is_numeric():
        return column.cast(pl.Float32 if meta.readstat_variable_types[name] == "float" else pl.Float64)
    return column


def _text(column: pl.Series, meta: Any) -> pl.Series:
    dtype = column.dtype
    if dtype.is_float():
        return _figures(column, _digits(meta, column.name))
    if dtype == pl.Datetime:
        return column.dt.to_string("%Y-%m-%dT%H:%M:%S%.f")
    if dtype == pl.Time:
        return column.dt.to_string("%H:%M:%S")
    text = column.cast(pl.String)
    return text.set(text == "", None)


def _digits(meta: Any, name: str) -> int:
    """Significant decimals that a number of the column keeps: SAS stores it in three to eight bytes."""
    width = int(meta.variable_storage_width[name])
    if meta.readstat_variable_types[name] != "double" or not 3 <= width < 8:
        return _DIGITS
    bits = 53 - 8 * (8 - width)
    return math.floor((bits - 3) * math.log10(2))  # a transport file's own form of numbers takes up to three bits more


def _figures(column: pl.Series, digits: int) -> pl.Series:
    """Numbers as a person would write them: 1 for 1.0, 0.3 for 0.30000000000000004."""
    column = column.fill_nan(None)
    whole = ((column == column.round(0)) & (column.abs() < _WHOLE)).fill_null(True)
    text = column.cast(pl.Int64, strict=False).cast(pl.String)
    if whole.all():
        return text
    shortest = column.cast(pl.String)  # that tells the number from its neighbours
    long = (shortest.str.len_chars() > digits + 1).fill_null(False) & ~whole
    if long.any() and column.dtype == pl.Float64:
        distinct = column.filter(long).unique()
        figures = pl.Series([f"{value:.{digits}g}" for value in distinct.to_list()], dtype=pl.String)
        rounded = column.replace_strict(distinct, figures, default=None, return_dtype=pl.String)
        shortest = rounded.zip_with(long, shortest)
    return text.zip_with(whole, shortest)


def _with_letters(text: pl.Series, column: pl.Series, suffix: str) -> pl.Series:
    letters = [_letter(value, suffix) if isinstance(value, str) else None for value in column.to_list()]
    return pl.Series(text.name, letters, dtype=pl.String).zip_with(text.is_null(), text)


def _letter(code: Any, suffix: str) -> str:
    """A code as text: a number as a CSV holds it, a letter for missing with its point."""
    if isinstance(code, str):
        return f".{code}" if suffix in (".dta", ".sas7bdat") and len(code) == 1 else code
    return str(int(code)) if float(code).is_integer() else f"{code:.{_DIGITS}g}"


def _described(column: pl.Series, meta: Any, letters: tuple[str, ...]) -> ColumnMetadata:
    name, suffix = column.name, _SUFFIX_OF.get(meta.file_format, "")
    is_text = column.dtype == pl.String
    labels = (meta.variable_value_labels or {}).get(name, {})
    words = {code if is_text else _letter(code, suffix): str(label) for code, label in labels.items()}
    ranges = (meta.missing_ranges or {}).get(name, ())
    single = [each["lo"] for each in ranges if each["lo"] == each["hi"]]
    lettered = [] if is_text else [_letter(code, suffix) for code in labels if isinstance(code, str)]
    codes = [*(_letter(code, suffix) for code in (*single, *letters)), *lettered]
    return ColumnMetadata(
        name=name,
        type=column_type(column.dtype),
        storage=meta.original_variable_types.get(name) or meta.readstat_variable_types[name],
        label=meta.column_names_to_labels.get(name) or "",
        value_labels=words,
        missing_codes=tuple(dict.fromkeys(codes)),
        missing_ranges=tuple(
            (float(each["lo"]), float(each["hi"]))
            for each in ranges
            if not isinstance(each["lo"], str) and each["lo"] != each["hi"]
        ),
    )


_SUFFIX_OF = {"dta": ".dta", "sas7bdat": ".sas7bdat", "xport": ".xpt", "sav/zsav": ".sav"}
