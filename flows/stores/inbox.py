"""The inbox: one folder of raw tables a night, put there by whoever collects them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flows.dates import check_date


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
        if not folder.is_dir() or not any(folder.iterdir()):
            raise FileNotFoundError(f"no drop for {date}: put the night's tables into {folder}")
        return folder


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by name in order."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()
    }
