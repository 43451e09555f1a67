"""Columns in which few texts repeat: a later part of such a file is read as codes of texts, each text read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

from schemas.fields.plain import EXACT

LEAST_ROWS = 4096  # by which it is told whether texts repeat
MOST_WORDS = 256  # that a column may have among them
MOST_WORDS_OF_ALL = 2048  # that all columns of a part may have: if they have more, the first part said too little


class Repeating:
    """Which columns of a file repeat few texts, as its parts show that were read before. It holds no text.

    What is read is the same with and without it.
    """

    def __init__(self) -> None:
        self.columns: frozenset[str] | None = None

    @classmethod
    def of(cls, table: str, header: Sequence[str]) -> Repeating:
        """What is known of files with this header."""
        return _of(table, tuple(header))

    def learn(self, frame: pl.DataFrame, key: str) -> None:
        """Look at the rows of a part; ``key`` is the column of the persons' keys."""
        if self.columns is None:
            if frame.height >= LEAST_ROWS:
                self.columns = frozenset(
                    column.name for column in frame if column.name != key and column.n_unique() <= MOST_WORDS
                )
        elif len(_texts_of(_coded(frame))) > MOST_WORDS_OF_ALL:
            self.columns = frozenset()


@dataclass(frozen=True)
class Coded:
    """A column as codes of texts.

    Attributes:
        texts: what the codes stand for, and maybe others; the last one is None, for a cell without text.
        codes: of each row.
    """

    texts: tuple[str | None, ...] = field(repr=False)
    codes: npt.NDArray[np.uint32] = field(repr=False)


def coded_columns(frame: pl.DataFrame) -> dict[str, Coded]:
    """The columns of a frame that are codes of texts, or as good as: small whole numbers in many rows.

    Columns of codes have one type.
    """
    found = {}
    if frame.height >= LEAST_ROWS:
        found = {column.name: small for column in frame if (small := _small_numbers(column))}
    if coded := _coded(frame):
        texts = _texts_of(coded)
        codes = frame.select(pl.col(*coded).to_physical().cast(pl.UInt32).fill_null(len(texts)))
        found |= {column.name: Coded((*texts, None), column.to_numpy()) for column in codes}
    return found


def _small_numbers(column: pl.Series) -> Coded | None:
    """The codes of a column of whole numbers from 0 up to some; None for any other."""
    if column.dtype not in EXACT:
        return None
    least, greatest = column.min(), column.max()
    if least is None or not (least >= 0 and greatest < MOST_WORDS_OF_ALL):  # type: ignore[operator]
        return None
    top = int(greatest) + 1  # type: ignore[arg-type]
    numbers = column.to_numpy()  # null is NaN there, as NaN is null to whoever reads it
    codes = np.where(numbers == numbers, numbers, top).astype(np.uint32)
    if np.count_nonzero((codes == numbers) | (codes == top)) < len(codes) or np.signbit(numbers).any():
        return None  # minus zero has another text
    texts = _WITH_POINT if column.dtype.is_float() else _WHOLE
    return Coded((*texts[:top], None), codes)


_WHOLE = tuple(str(number) for number in range(MOST_WORDS_OF_ALL))
_WITH_POINT = tuple(f"{number}.0" for number in range(MOST_WORDS_OF_ALL))


def _coded(frame: pl.DataFrame) -> dict[str, pl.Categorical]:
    return {column.name: column.dtype for column in frame if isinstance(column.dtype, pl.Categorical)}


def _texts_of(coded: Mapping[str, pl.Categorical]) -> tuple[str, ...]:
    """What the codes of some columns stand for; the columns have one type."""
    if not coded:
        return ()
    (categories,) = {dtype.categories.name(): dtype.categories for dtype in coded.values()}.values()
    return tuple(categories.to_series())


def new_codes() -> pl.Categorical:
    """A type for columns of repeating texts, of which it can tell 65,535 apart."""
    return pl.Categorical(pl.Categories.random(physical=pl.UInt16))


@lru_cache(maxsize=4096)
def _of(table: str, header: tuple[str, ...]) -> Repeating:
    return Repeating()
