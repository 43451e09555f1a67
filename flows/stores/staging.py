"""Scratch folders of scoring runs: one a date, nobody else's while the run works, and gone when it ends."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from flows.project.storage import remove_folder
from schemas.reading.places import is_far


class BusyError(RuntimeError):
    """Another run works on the same date."""


@contextmanager
def staging(folder: Path, held: Path | None = None) -> Iterator[Path]:
    """Hold ``folder``, named by its date, as an empty place; remove it at the end, after an error too.

    A run that was killed could not remove its own: it held typed rows of people. Whoever comes next removes what lies
    beside its own folder and no run holds; on a storage, what the same date has left.

    Args:
        folder: of the date; on a storage a run's own folder in it.
        held: the folder of this machine that is held for a place elsewhere, as other runs of this machine do.

    Raises:
        BusyError: if another run holds it.
    """
    near = held if is_far(folder) and held is not None else folder
    near.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(_held(near))
        except Timeout:
            raise BusyError(
                f"{near.parent.name}: another run scores {near.name} at this moment; wait until it has ended"
            ) from None
        shutil.rmtree(near, ignore_errors=True)
        _remove_left(near)
        if is_far(folder):
            remove_folder(folder.parent)
            stack.callback(remove_folder, folder)
        yield folder


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Hold a folder; at the end it is removed, and the lock file after it."""
    file = folder.with_name(f".{folder.name}.lock")
    with FileLock(file, timeout=0):
        try:
            yield
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            # while it is held: FileLock sees that a file which it opened before has no name any more, and lets it go
            file.unlink(missing_ok=True)


def _remove_left(own: Path) -> None:
    """Remove folders and lock files beside ``own`` that no run holds."""
    for date in {path.name.removeprefix(".").removesuffix(".lock") for path in own.parent.iterdir()} - {own.name}:
        with suppress(Timeout), _held(own.with_name(date)):
            pass
