"""Cells that simply say what they hold: a number, a label, or nothing. Most cells do, and are read many at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]
EXACT = (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float64)
"""Types of stored numbers that are the same number as text and as Float64; a Float32 of 0.1 is another one."""

_WHOLE = re.compile(r"[0-9]+\.0+")  # 11.0, which is read as 11


@dataclass(frozen=True)
class Plain:
    """A column of which the plain cells were read.

    Attributes:
        values: of the plain cells, null where a cell is blank, is an answer that is no value, or is not plain.
        rest: the places of the cells that are not plain.
        noted: the places of the plain cells that met a rule, with the rule; a place occurs once.
    """

    values: pl.Series = field(repr=False)
    rest: Places
    noted: tuple[tuple[Places, str], ...] = ()


def numbers_of(text: pl.Series) -> npt.NDArray[np.float64] | None:
    """Cells as numbers, NaN where one is none; None for a type that has to be read as text."""
    if text.dtype != pl.String and text.dtype not in EXACT:
        return None
    numbers: npt.NDArray[np.float64] = text.cast(pl.Float64, strict=False).to_numpy()
    return numbers


def plain_numbers(text: pl.Series, values: npt.NDArray[np.float64], good: Mask, noted: Mapping[str, Mask]) -> Plain:
    """The numbers that are good, NaN for none, and the rules that cells met."""
    values = values if good.all() else np.where(good, values, np.nan)
    met = tuple((np.flatnonzero(mask), rule) for rule, mask in noted.items() if mask.any())
    return Plain(pl.Series(values, nan_to_null=True), _rest(text, good), met)


def plain_labels(
    text: pl.Series, labels: Mapping[str, Any], special: Mapping[str | float, str | float], dtype: Any
) -> Plain | None:
    """Cells that are one of the labels, as what it stands for, or a special answer; none with two meanings."""
    words = _words(text)
    if words is None:
        return None
    known: dict[str, tuple[Any, str | float | None]] = {
        label: (value, None) for label, value in labels.items() if _is_plain(label) and label not in special
    }
    known |= {
        str(answer): (None, rule) for answer, rule in special.items() if _is_plain(answer) and answer not in labels
    }
    place = words.cast(pl.Enum(list(known)), strict=False).to_physical()
    values = pl.Series([value for value, _ in known.values()], dtype=dtype)
    met = tuple(
        (places, str(rule))
        for index, (_, rule) in enumerate(known.values())
        if rule is not None and len(places := np.flatnonzero((place == index).fill_null(value=False).to_numpy()))
    )
    return Plain(values.gather(place), _rest(text, place.is_not_null().to_numpy()), met)


def _is_plain(label: str | float) -> bool:
    return isinstance(label, str) and bool(label) and label == label.strip() and not _WHOLE.fullmatch(label)


def _words(text: pl.Series) -> pl.Series | None:
    """Cells as labels; codes that are stored as floats as whole numbers. None for cells that must be read as text."""
    if text.dtype == pl.String:
        return text
    if text.dtype not in EXACT:
        return None
    if text.dtype == pl.Float64:
        given = text.fill_nan(None)
        numbers = given.cast(pl.Int64, strict=False)
        if numbers.null_count() > given.null_count() or not ((numbers == given) & (numbers >= 0)).all():
            return None
        text = numbers
    return text.cast(pl.String)


def _rest(text: pl.Series, good: Mask) -> Places:
    """The places of cells that are neither good nor blank."""
    if good.all():
        return np.zeros(0, np.int64)
    if text.dtype == pl.String:
        empty = text == ""
        blank = (empty.fill_null(value=True) if text.null_count() else empty).to_numpy()
    else:
        blank = (text.is_null() | text.is_nan() if text.dtype == pl.Float64 else text.is_null()).to_numpy()
    return np.flatnonzero(~(good | blank))
