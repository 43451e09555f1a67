"""Columns in which few texts repeat: a later part of such a file is read as codes of texts, each text read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import polars as pl

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
    """The columns of a frame that are codes of texts.

    Attributes:
        texts: what the codes stand for, in any of the columns; the last one is None, for a cell without text.
        codes: of each row of the columns.
    """

    texts: tuple[str | None, ...] = field(repr=False)
    codes: Mapping[str, npt.NDArray[np.uint32]] = field(repr=False)

    @classmethod
    def of(cls, frame: pl.DataFrame) -> Coded:
        """Those of a frame; it has one type of codes."""
        coded = _coded(frame)
        if not coded:
            return cls((None,), {})
        texts = _texts_of(coded)
        codes = frame.select(pl.col(*coded).to_physical().cast(pl.UInt32).fill_null(len(texts)))
        return cls((*texts, None), {column.name: column.to_numpy() for column in codes})


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
