"""Scratch folders of scoring runs: one a date, nobody else's while the run works, and gone when it ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


class BusyError(RuntimeError):
    """Another run works on the same date."""


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Hold ``folder``, named by its date, as an empty place; remove it at the end, after an error too.

    A run that was killed could not remove its own: it held typed rows of people. Whoever comes next removes the
    folders beside its own that no run holds.

    Raises:
        BusyError: if another run holds it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _lock(folder):
            _remove_left(folder)
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except Timeout:
        raise BusyError(
            f"{folder.parent.name}: another run scores {folder.name} at this moment; wait until it has ended"
        ) from None


def _lock(folder: Path) -> FileLock:
    return FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0)


def _remove_left(own: Path) -> None:
    shutil.rmtree(own, ignore_errors=True)
    for folder in own.parent.iterdir():
        if folder.is_dir() and folder != own:
            try:
                with _lock(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            except Timeout:
                continue  # of a run that works on it now
