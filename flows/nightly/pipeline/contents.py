"""Hashes of files and folders as DVC takes them, and what lies in its cache."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from functools import cached_property
from pathlib import Path

from dvc.config import Config
from dvc.fs import localfs
from dvc.ignore import DvcIgnoreFilter

FOLDER = ".dir"
_READ_ONLY = 0o444


class Contents:
    """What lies in a project's folder, each file read once.

    Args:
        root: the project's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._hashes: dict[str, str | None] = {}

    def md5(self, path: str) -> str | None:
        """The hash of a file, or of a folder; None where DVC sees neither."""
        if path not in self._hashes:
            self._hashes[path] = self._md5(self.root / path)
        return self._hashes[path]

    def in_cache(self, md5: str) -> bool:
        """Whether DVC's cache holds a content whole: it takes a file that is read-only for whole, as DVC does."""
        path = self._cache / md5[:2] / md5[2:]
        if not path.is_file():
            return False
        if stat.S_IMODE(path.stat().st_mode) != _READ_ONLY and file_md5(path) != md5.removesuffix(FOLDER):
            return False
        return not md5.endswith(FOLDER) or all(self.in_cache(each["md5"]) for each in json.loads(path.read_bytes()))

    def _md5(self, path: Path) -> str | None:
        if path.is_file():
            return None if self._ignored.is_ignored_file(str(path)) else file_md5(path)
        return self._folder_md5(path) if path.is_dir() and not self._ignored.is_ignored_dir(str(path)) else None

    def _folder_md5(self, path: Path) -> str:
        entries = [
            {"md5": file_md5(Path(folder, name)), "relpath": Path(folder, name).relative_to(path).as_posix()}
            for folder, _, names in self._ignored.walk(localfs, str(path))
            for name in names
        ]
        entries.sort(key=lambda entry: entry["relpath"])
        return hashlib.md5(json.dumps(entries, sort_keys=True).encode(), usedforsecurity=False).hexdigest() + FOLDER

    @cached_property
    def _ignored(self) -> DvcIgnoreFilter:
        return DvcIgnoreFilter(localfs, str(self.root))

    @cached_property
    def _cache(self) -> Path:
        folder = Config(str(self.root / ".dvc"))["cache"].get("dir") or self.root / ".dvc" / "cache"
        return Path(os.path.join(self.root, ".dvc", folder), "files", "md5")


def file_md5(path: Path) -> str:
    """MD5 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
