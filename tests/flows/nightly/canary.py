"""Marked values: tables in which every cell can be told from all others, and the search for them in what is left."""

from __future__ import annotations

import base64
import csv
import random
import re
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

import numpy as np
import polars as pl


def key(number: int) -> str:
    """A person's key that stands nowhere by chance."""
    return str(7_310_000_000_017 + 99_991 * number)


def figure(low: float, high: float, source: random.Random) -> str:
    """A number of a cell that stands nowhere by chance."""
    return f"{source.uniform(low, high):.9f}"


def words(table: str, column: str, row: int) -> str:
    """Text for a cell in which a contract wants something else."""
    return f"zq{table}{column}x{row}qz"


def write(file: Path, rows: Sequence[dict[str, str]]) -> Path:
    """A table as CSV."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return file


def spoilt(table: str, row: dict[str, str], number: int, person: str) -> dict[str, str]:
    """A row in which every cell but the person's key breaks the contract, each with its own mark."""
    return {column: cell if column == person else words(table, column, number) for column, cell in row.items()}


_LIKE_A_MARK = re.compile(r"\d{1,3}\.\d{7,}|\d{13}|zq\w+?qz")


class Marks:
    """The marks that were put into tables, and where they are found."""

    def __init__(self, *tables: Iterable[dict[str, str]]) -> None:
        cells = {cell for table in tables for row in table for cell in row.values()}
        self.texts = {cell for cell in cells if _LIKE_A_MARK.fullmatch(cell)}
        figures = [cell for cell in self.texts if "." in cell]
        # printed or stored with fewer figures it is the same value
        self._known = {cell: cell for cell in self.texts} | {_cut(cell): cell for cell in figures}
        self._bits = np.array([float(cell) for cell in figures]).view("<u8")

    def in_text(self, text: str) -> set[str]:
        """Marks in a text."""
        found = {each[0] for each in _LIKE_A_MARK.finditer(text)}
        known = (self._known.get(each) or self._known.get(_cut(each)) for each in found)
        return {each for each in known if each}

    def in_file(self, file: Path) -> set[str]:
        """Marks in a file: in its text, in what is coded there, in its numbers, and in the cells of a Parquet file."""
        if file.suffix == ".parquet":
            return self.in_text(_cells(pl.read_parquet(file)))
        content = file.read_bytes()
        found = self.in_text(content.decode("utf-8", errors="replace"))
        coded = re.findall(rb"[A-Za-z0-9+/]{40,}={0,2}", content.replace(b"\\n", b""))
        for each in coded:
            found |= self.in_text(base64.b64decode(each[: len(each) // 4 * 4]).decode("utf-8", errors="replace"))
        for start in range(min(8, len(content))):
            words = np.frombuffer(content, "<u8", (len(content) - start) // 8, start)
            found |= {f"{value:.9f}" for value in words[np.isin(words, self._bits)].view("<f8")}
        return found


def _cut(text: str) -> str:
    whole, _, part = text.partition(".")
    return f"{whole}.{part[:7]}"


def _cells(frame: pl.DataFrame) -> str:
    """The cells of a frame as text, numbers with all their figures."""
    columns = []
    for column in frame.iter_columns():
        if column.dtype.is_float():
            columns.append(" ".join(f"{value:.9f}" for value in column.drop_nulls()))
        else:
            columns.append(" ".join(map(str, column.drop_nulls().to_list())))
    return "\n".join(columns)


def left(folder: Path, marks: Marks, leave_out: Sequence[str]) -> Iterator[tuple[str, set[str]]]:
    """Every file below a folder with the marks that are in it, where there are any."""
    for file in sorted(folder.rglob("*")):
        name = file.relative_to(folder).as_posix()
        if (
            file.is_file()
            and not any(fnmatch(name, pattern) for pattern in leave_out)
            and (found := marks.in_file(file))
        ):
            yield name, found
