"""The inbox: one folder of raw tables a night, put there by whoever collects them."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from flows.project.dates import check_date, is_date
from flows.project.paths import read_json, write_json
from flows.project.storage import reaching, remove_folder, send, write_whole
from schemas.contract import Contract
from schemas.reading.checksums import is_list
from schemas.reading.folder import table_of
from schemas.reading.places import is_far, opened

MARKER = "_SUCCESS"
"""A file that whoever delivers puts into a drop when all of it is there."""


class NoDropError(FileNotFoundError):
    """Nothing was dropped for a date."""


class UnsettledDropError(RuntimeError):
    """A drop is still being copied."""


class Inbox:
    """Drops of one study."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def drop(self, date: str) -> Path:
        """The folder of a date.

        Raises:
            FileNotFoundError: if nothing was dropped.
        """
        folder = self.folder / check_date(date)
        with reaching(folder):
            empty = not folder.is_dir() or not any(folder.iterdir())
        if empty:
            raise NoDropError(f"no drop for {date}: put the night's tables into {folder}")
        return folder

    def newest(self, date: str) -> str | None:
        """The newest date up to one that has a drop; None where there is none."""
        with reaching(self.folder):
            names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        dates = sorted((name for name in names if is_date(name) and name <= date), reverse=True)
        for each in dates:
            with suppress(NoDropError):
                self.drop(each)
                return each
        return None

    def require_settled(self, date: str, seconds: float) -> None:
        """Make sure that nobody is copying a date's drop.

        It is whole if it holds the marker ``_SUCCESS``, if :meth:`replace` put it there, or if for some seconds nothing
        in it has changed. Copying programs set times back; that they did so counts as a change.

        Raises:
            NoDropError: if nothing was dropped.
            UnsettledDropError: if it may still be being copied.
        """
        folder, now, note = self.drop(date), time.time(), self._note(date)
        if not seconds or (folder / MARKER).exists():
            return
        with reaching(folder):
            if note.is_file() and read_json(note) == file_hashes(folder):
                return
            quiet = now - max(_changed(path) for path in (folder, *folder.rglob("*")))
        if quiet < seconds:
            raise UnsettledDropError(
                f"{folder} changed {max(quiet, 0):.0f} seconds ago, so it may still be being copied: it is taken when "
                f"it has stood still for {seconds:g} seconds (night.settle_s), or at once if it holds a file {MARKER}"
            )

    def require_replaceable(self, date: str) -> None:
        """Make sure that a date has no drop but one that :meth:`replace` put there and nobody touched since.

        Raises:
            FileExistsError: if there is another, a real one for all we know.
        """
        folder, note = self.folder / check_date(date), self._note(date)
        with reaching(folder):
            if not folder.exists() and not folder.is_symlink():
                return
        ours = read_json(note) if note.is_file() else {}
        entries = list(folder.rglob("*")) if folder.is_dir() else [folder]
        held = file_hashes(folder) if all(path.is_file() for path in entries) and folder.is_dir() else None
        if held not in ({}, ours):
            raise FileExistsError(
                f"{folder} holds a drop that was not made by sample-drop, or was changed since: nothing was replaced; "
                "name another date, or move that folder away"
            )

    def replace(self, date: str, made: Path) -> Path:
        """Move the folder ``made`` to a date's place, over nothing but what was put there so, and give the new folder.

        What is written is noted beside it, not in it: a drop holds tables only.

        Raises:
            FileExistsError: if the date has another drop.
        """
        self.require_replaceable(date)
        folder = self.folder / date
        remove_folder(folder)
        hashes = file_hashes(made)
        write_whole(self._note(date), lambda path: write_json(path, hashes))
        if not is_far(folder):
            return made.replace(folder)
        for name in hashes:
            send(made / name, folder / name)
        remove_folder(made)
        return folder

    def _note(self, date: str) -> Path:
        return self.folder / f".{date}.sample-drop.json"


def _changed(path: Path) -> float:
    """When a file or folder changed last; on a storage, when it was put there, since it is whole then."""
    held = path.stat()
    return held.st_mtime if is_far(path) else max(held.st_mtime, held.st_ctime)


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder and the folders in it (parts of a table), by path from it, in order."""
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _sha256(file: Path) -> str:
    """SHA-256 of a file that may be large."""
    with opened(file) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def drop_hashes(folder: Path, contract: Contract) -> dict[str, str]:
    """SHA-256 of every file of a drop as it may be published: a name not in the contract may be a person's.

    Files of the contract and lists of checksums have their names, the files in a table's folder a number behind the
    folder's name, all others a number alone.
    """
    hashes, numbers = {}, Counter[str]()
    for path, value in file_hashes(folder).items():
        if path == MARKER:
            continue
        first, inside, _ = path.partition("/")
        table = table_of(first, contract)
        if not inside and (table or first in contract.beside or is_list(first)):
            hashes[path] = value
        else:
            kind = f"{first}/" if table else "other "
            numbers[kind] += 1
            hashes[f"{kind}{numbers[kind]}"] = value
    return hashes
