"""The inbox: one folder of raw tables a night, put there by whoever collects them."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from flows.project.dates import check_date
from flows.project.paths import read_json, write_json
from flows.project.storage import reaching, remove_folder, send, write_whole
from schemas.contract import Contract
from schemas.reading.checksums import is_list
from schemas.reading.folder import table_of
from schemas.reading.places import is_far, opened


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
            raise FileNotFoundError(f"no drop for {date}: put the night's tables into {folder}")
        return folder

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
        first, inside, _ = path.partition("/")
        table = table_of(first, contract)
        if not inside and (table or first in contract.beside or is_list(first)):
            hashes[path] = value
        else:
            kind = f"{first}/" if table else "other "
            numbers[kind] += 1
            hashes[f"{kind}{numbers[kind]}"] = value
    return hashes
