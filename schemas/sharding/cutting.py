"""Where the shards of a file begin whose keys are in order: found by bisection, without reading it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl

from schemas.fields import ModelView
from schemas.reading.places import opened_anywhere
from schemas.sharding.keys import declared_keys, key_test

_LOOK = 1 << 12  # bytes that are read at once; a line longer than that is read whole
_NEAR = 1 << 14  # so close a bound is looked for line by line


class _Lines:
    """The lines of a CSV in which every line is a row, and the key on each."""

    def __init__(self, file: BinaryIO, start: int, stop: int, place: int, view: ModelView) -> None:
        self._file, self._start, self._stop, self._place = file, start, stop, place
        self._fits = key_test(view)

    def line_from(self, at: int) -> tuple[int, bytes]:
        """The first line that starts at or behind a byte, and where it starts; empty at the end."""
        begin = at
        if at > self._start:
            begin = self._behind_line_end(at - 1)
        return begin, self._read_line(begin)

    def _behind_line_end(self, at: int) -> int:
        while at < self._stop:
            self._file.seek(at)
            found = self._file.read(_LOOK)
            if (end := found.find(b"\n")) >= 0:
                return at + end + 1
            at += len(found)
        return self._stop

    def _read_line(self, begin: int) -> bytes:
        self._file.seek(begin)
        return self._file.readline() if begin < self._stop else b""

    def key_of(self, line: bytes) -> str | None:
        """The key on a line; None where it is malformed."""
        cells = line.rstrip(b"\r\n").split(b",", self._place + 1)
        key = cells[self._place].strip().decode(errors="replace") if self._place < len(cells) else ""
        return key if self._fits.search(key) else None

    def key_from(self, at: int, stop: int) -> tuple[int, str | None]:
        """The first key that is well formed, from a byte on: where its line starts, and the key."""
        begin, line = self.line_from(at)
        while line and begin < stop:
            if (key := self.key_of(line)) is not None:
                return begin, key
            begin += len(line)
            line = self._read_line(begin)
        return stop, None

    def first_from(self, at: int, bound: str) -> int:
        """The first line, from one that starts at a byte on, whose key is not below a bound: where it starts."""
        self._file.seek(at)
        while at < self._stop and (line := self._file.readline()):
            key = self.key_of(line)
            if key is not None and key >= bound:
                return at
            at += len(line)
        return self._stop


def keys_at(path: Path, start: int, stop: int, place: int, view: ModelView, n: int) -> pl.Series:
    """Keys from ``n`` places all over a CSV, in its order; null where a key is malformed.

    Args:
        path: the file.
        start, stop: where its rows begin and end.
        place: of the key among the columns.
        view: the table's rules.
        n: how many.
    """
    cells: list[str | None] = []
    with opened_anywhere(path) as file:
        lines = _Lines(file, start, stop, place, view)
        for at in np.unique(np.linspace(start, stop, n, endpoint=False).astype(np.int64)).tolist():
            _, line = lines.line_from(at)
            parts = line.rstrip(b"\r\n").split(b",")
            cells.append(parts[place].strip(b' "').decode(errors="replace") if place < len(parts) else None)
    return declared_keys(pl.Series(cells, dtype=pl.String), view)


def cut_lines(path: Path, start: int, stop: int, place: int, view: ModelView, bounds: Sequence[str]) -> list[int]:
    """The byte at which each shard of a CSV in order begins; see :func:`keys_at`."""
    cuts = [start]
    with opened_anywhere(path) as file:
        lines = _Lines(file, start, stop, place, view)
        for bound in bounds:
            low, high = cuts[-1], stop
            while high - low > _NEAR:
                middle = (low + high) // 2
                begin, key = lines.key_from(middle, high)
                if key is None or key >= bound:
                    high = middle
                else:
                    low = begin
            cuts.append(lines.first_from(low, bound))
    return cuts


def cut_keys(keys: pl.Series, bounds: Sequence[str]) -> list[int] | None:
    """The row at which each shard of a file begins that has these keys; None if they are not in order."""
    rows = pl.DataFrame({"key": keys}).with_row_index("row").drop_nulls("key")
    known = rows["key"]
    if not known.is_sorted():
        return None
    cuts = [0]
    places = known.search_sorted(pl.Series(list(bounds), dtype=pl.String), side="left").to_list() if bounds else []
    for place in places:
        cuts.append(int(rows["row"][place]) if place < rows.height else len(keys))
    return cuts
