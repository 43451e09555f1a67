"""The inbox: one folder of raw tables a night, put there by whoever collects them."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path


def check_date(date: str) -> str:
    """``date`` if it is an ISO calendar date.

    Raises:
        ValueError: if not.
    """
    try:
        if dt.date.fromisoformat(date).isoformat() == date:
            return date
    except ValueError:
        pass
    raise ValueError(f"{date!r} is not a date like 2026-11-20")


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
