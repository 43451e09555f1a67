"""Rows on their way into a store, frame by frame, so that not all of them are held at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

import polars as pl
import pyarrow as pa

ROWS = 100_000  # rows that are handed over together, however the frames were cut


class Stream:
    """Frames of one schema, checked one by one.

    Attributes:
        schema: of all frames.
        fault: what went wrong while they were read, since the reader's own error hides it.
    """

    def __init__(self, frames: Iterable[pl.DataFrame], check: Callable[[pl.DataFrame], None]) -> None:
        """Look at the first frame.

        Raises:
            ValueError: if there is none.
        """
        self._frames, self._check = iter(frames), check
        first = next(self._frames, None)
        if first is None:
            raise ValueError("at least one frame is needed: it says which columns there are")
        check(first)
        self._first, self.schema = first, first.schema
        self._even: Iterator[pl.DataFrame] = self._evened()
        self.fault: Exception | None = None

    @property
    def arrow_schema(self) -> pa.Schema:
        """The schema of the batches."""
        return self._first.clear().to_arrow().schema

    def is_long(self) -> bool:
        """Whether there are more rows than are handed over together."""
        ahead = list(islice(self._even, 2))
        self._even = chain(ahead, self._even)
        return len(ahead) > 1

    def reader(self) -> pa.RecordBatchReader:
        """All rows in batches of one size."""
        return pa.RecordBatchReader.from_batches(self.arrow_schema, self.batches())

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in batches of one size."""
        try:
            for frame in self._even:
                yield from frame.rechunk().to_arrow().to_batches(max_chunksize=ROWS)
        except Exception as error:
            self.fault = error
            raise

    def _evened(self) -> Iterator[pl.DataFrame]:
        """The rows in frames of ``ROWS`` rows, the last one aside, which may have none."""
        held: list[pl.DataFrame] = []
        n_held = 0
        for place, frame in enumerate(chain([self._first], self._frames)):
            if place:
                self._check(frame)
            held.append(frame)
            n_held += frame.height
            while n_held > ROWS:
                together = pl.concat(held)
                yield together.head(ROWS)
                held, n_held = [together.slice(ROWS)], n_held - ROWS
        yield pl.concat(held)
