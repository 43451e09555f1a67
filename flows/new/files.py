"""The files of a new study, written all or none."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from flows.new.plan import PlannedTable
from flows.project.paths import replace_file, write_text
from schemas.reading.forms import form_of


@dataclass
class Writing:
    """What was written so far, and how to take it back.

    Attributes:
        written: what stands there now, in the order of writing.
    """

    written: list[Path] = field(default_factory=list)
    _undo: list[Callable[[], object]] = field(default_factory=list)
    _done: list[Callable[[], object]] = field(default_factory=list)

    def text(self, path: Path, text: str) -> None:
        """Write a file of text in place of what stands there."""
        before = path.read_bytes() if path.is_file() else None
        folders = _missing_folders(path.parent)
        if before is None:
            self._undo.append(lambda: _take_away(path, folders))
        else:
            self._undo.append(lambda: replace_file(path, lambda partial: partial.write_bytes(before)))
        write_text(path, text)
        self.written.append(path)

    @contextmanager
    def folder(self, path: Path) -> Iterator[Path]:
        """A folder to fill, which takes the place of ``path`` when it is full; the old one is put aside until the end.

        Even a killed run leaves no folder of that name half full.
        """
        folders = _missing_folders(path.parent)
        new, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.before")
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
        self._undo.append(lambda: _take_away(path, folders))
        self._undo.append(lambda: shutil.rmtree(new, ignore_errors=True))
        new.mkdir(parents=True, mode=0o700)
        yield new
        if path.is_dir():
            path.rename(old)
            self._undo.append(lambda: old.rename(path))
            self._done.append(lambda: shutil.rmtree(old))
        self._undo.append(lambda: shutil.rmtree(path, ignore_errors=True))
        new.rename(path)
        self.written.append(path)

    def take_back(self) -> None:
        """Leave everything as it was before."""
        for undo in reversed(self._undo):
            undo()

    def finish(self) -> None:
        """Let go of what was put aside."""
        for done in self._done:
            done()


@contextmanager
def all_or_nothing() -> Iterator[Writing]:
    """What is written inside stands there as a whole, or not at all if anything stops it."""
    writing = Writing()
    try:
        yield writing
    except BaseException:
        writing.take_back()
        raise
    writing.finish()


def _missing_folders(folder: Path) -> list[Path]:
    """The folders that writing into ``folder`` makes, the innermost first."""
    return [each for each in (folder, *folder.parents) if not each.exists()]


def _take_away(path: Path, folders: list[Path]) -> None:
    if path.is_file():
        path.unlink()
    for folder in folders:
        if folder.is_dir():
            shutil.rmtree(folder / "__pycache__", ignore_errors=True)
            if not any(folder.iterdir()):
                folder.rmdir()


def write_raw(table: PlannedTable, folder: Path) -> None:
    """The table as the study's raw data: the file itself, byte for byte, or without the columns that are left out.

    A file of a statistics program that loses columns becomes a CSV of its codes: none of these can be written again
    as the program did.
    """
    source = table.source
    names = [name for name in source.frame.columns if name not in {left.name for left in table.left}]
    suffix = form_of(source.path.name)
    if not table.left:
        shutil.copyfile(source.path, folder / f"{table.name}{suffix}")
    elif suffix == ".parquet":
        frame = pl.read_parquet(source.path)
        frame.columns = [name.strip() for name in frame.columns]
        frame.select(names).write_parquet(folder / f"{table.name}.parquet")
    else:
        with (folder / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(names)
            writer.writerows([cell or "" for cell in row] for row in source.frame.select(names).iter_rows())
