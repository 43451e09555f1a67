"""Checksums that may lie beside the tables: nothing else tells a file cut off behind a line end from a whole one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from schemas.faults import TableFault
from schemas.reading.folder import entries, part_files
from schemas.reading.forms import stem_of
from schemas.reading.places import opened

_NAMES = ("sha256sums", "sha256sums.txt")
_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](?:\./)?(.+)")


def is_list(name: str) -> bool:
    """Whether a file of this name is the list of checksums."""
    return name.casefold() in _NAMES


def read_sums(folder: Path) -> Mapping[str, str] | None:
    """The SHA-256 of every file by its path in ``folder``, as ``sha256sum`` writes them; None where there are none.

    Raises:
        TableFault: if the file of checksums cannot be read as such.
    """
    files = [path for path in entries(folder) if is_list(path.name)]
    if not files:
        return None
    try:
        lines = files[0].read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise TableFault("", f"{files[0]} cannot be read: {error.strerror}") from None
    matches = [_LINE.fullmatch(line.strip()) for line in lines if line.strip()]
    if not matches or None in matches:
        raise TableFault("", f"{files[0]} is no list of checksums: write it with `sha256sum`, or take it out")
    return {match[2]: match[1].lower() for match in matches if match}


def check_sums(path: Path | None, table: str, sums: Mapping[str, str]) -> None:
    """Make sure that a table is what it was when the checksums were written.

    Args:
        path: its file, or its folder of parts; None if it did not arrive.
        table: its name.
        sums: what ``read_sums`` gave.

    Raises:
        TableFault: if a file of it is not in the list or has another checksum, or a listed one did not arrive.
    """
    files = {}
    if path is not None:
        parts = part_files(path, table) if path.is_dir() else [path]
        files = {file.relative_to(path.parent).as_posix(): file for file in parts}
    if any(name not in files and _belongs(name, table) for name in sums):
        raise TableFault(table, f"a file of {table} is in the list of checksums and did not arrive; deliver it again")
    for name, file in files.items():
        what = f"a part of {file.parent.name}" if "/" in name else name
        if name not in sums:
            raise TableFault(table, f"{what} is not in the list of checksums; write the list when all files are there")
        if _digest(file, table, what) != sums[name]:
            raise TableFault(
                table, f"{what} is not what its checksum was made of: cut off or changed on its way; deliver it again"
            )


def _belongs(name: str, table: str) -> bool:
    """Whether a listed file is the table's, or a part of it."""
    first, *inner = name.split("/")
    return stem_of(first) == table and not "".join(inner).startswith((".", "_"))


def _digest(file: Path, table: str, what: str) -> str:
    try:
        with opened(file) as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise TableFault(table, f"{what} cannot be read: {error.strerror}") from None
