"""Who may read what is made here: health data are for their owner only, published tables for a group too."""

from __future__ import annotations

import grp
import os
import re
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flows.project.yaml_file import read_yaml
from mtl_models.settings import parse_settings
from mtl_models.wording import SettingsError

FILE = "params.yaml"
DATA = "raw landed intake inbox staging stopped valid features registry embeddings replay watch"
PRIVATE = (
    *(f"data/{name}" for name in DATA.split()),
    "models",
    ".prefect",
    ".dvc/cache",
    ".dvc/tmp",
)
INBOX = "data/inbox"
TABLES = "data/tables"
# rejects and landed rows are as they were received: they are for those who may read the raw tables
CLOSED = ("rejects", "landed", "parts")
SHARED = ("scores", "runs", "champions", "landings", "watched")
OWNER, GROUP = 0o700, 0o2750


class AccessSettings(BaseModel):
    """The block ``access`` of params.yaml.

    Attributes:
        group: who may read the published tables beside the owner; nobody if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    group: str | None = None


def apply(root: Path) -> None:
    """Make what this process and its children write their owner's, close what lies open, and share the tables.

    An inbox that a group may write to, with the setgid bit, was given to those who deliver: its group stays.

    Raises:
        SettingsError: if ``access`` in params.yaml is none, or names a group that there is not or that is not ours.
    """
    os.umask(0o077)
    group = read_access(root).group
    for name in PRIVATE:
        # not there, another user's to close, or on a file system that is only read
        with suppress(OSError):
            mode = stat.S_IMODE((root / name).stat().st_mode)
            delivered_to = name == INBOX and mode & stat.S_ISGID and mode & stat.S_IWGRP
            _set_mode(root / name, mode & ~0o007 if delivered_to else OWNER)
    tables = root / TABLES
    with suppress(OSError):
        tables.mkdir(exist_ok=True)
    if tables.is_dir():
        _share(tables, group) if group else _close(tables)


def read_access(root: Path) -> AccessSettings:
    """The block ``access`` of params.yaml; without one nothing is shared."""
    text = (root / FILE).read_text(encoding="utf-8", errors="replace")
    if not re.search(r"^[\"']?access\b", text, re.MULTILINE):
        return AccessSettings()
    return parse_settings(
        AccessSettings, read_yaml(root / FILE, FILE).content.get("access") or {}, where=f"{FILE}: access"
    )


@contextmanager
def writing_in(folder: Path, *, shared: bool) -> Iterator[None]:
    """Let the group of the published tables read what is written into a ``shared`` folder of them."""
    if not isinstance(folder, Path):  # a storage by URL has rules of its own
        yield
        return
    nearest = next(place for place in (folder, *folder.parents) if place.is_dir())
    before = os.umask(0o027) if shared and nearest.stat().st_mode & stat.S_ISGID else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)


def _close(tables: Path) -> None:
    with suppress(OSError):
        for folder in (tables, *tables.glob("*"), *tables.glob("*/*")):
            if folder.is_dir():
                _set_mode(folder, OWNER)


def _share(tables: Path, group: str) -> None:
    number = _number_of(group)
    for study in tables.glob("*/"):
        for name in SHARED:
            if (study / name).is_dir():
                _give(study / name, number, group)
        _give(study, number, group, whole=False)
        for name in CLOSED:
            if (study / name).is_dir():
                _set_mode(study / name, OWNER)
    _give(tables, number, group, whole=False)


def _number_of(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise SettingsError([f"{FILE}: access.group: this machine has no group {group!r}"]) from None


def _give(folder: Path, number: int, group: str, *, whole: bool = True) -> None:
    """Give a folder to a group that may read it; with ``whole`` also what is in it, unless that was done before."""
    held = folder.stat()
    if held.st_gid == number and stat.S_IMODE(held.st_mode) == GROUP:
        return
    try:
        for path in (*(folder.rglob("*") if whole else ()), folder):  # the folder last: then all of it is done
            shutil.chown(path, group=number)
            path.chmod(GROUP if path.is_dir() else 0o640)
    except PermissionError:
        raise SettingsError(
            [f"{FILE}: access.group: only a member of {group!r} who owns {folder} can give it to that group"]
        ) from None


def _set_mode(folder: Path, mode: int) -> None:
    if stat.S_IMODE(folder.stat().st_mode) != mode:
        folder.chmod(mode)
