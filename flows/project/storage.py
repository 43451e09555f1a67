"""The block ``storage`` of params.yaml, and files wherever they lie: in a folder, or on a storage reached by URL.

A place by URL behaves like a ``pathlib.Path`` and is none. Credentials come from the environment alone.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, field_validator

from flows.project.blocks import read_top
from flows.project.paths import check_folder, replace_file
from mtl_models.settings import parse_settings
from schemas.reading.places import is_far

BLOCK = "storage"


class StorageError(OSError):
    """A storage that is reached by URL cannot be used."""


class StorageSettings(BaseModel):
    """Where drops, published tables and scratch files lie, each a URL or a folder; a study's are below, in its name.

    Attributes:
        inbox, tables, staging: in place of data/inbox, data/tables and data/staging, where they lie if left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    inbox: str | None = None
    tables: str | None = None
    staging: str | None = None

    @field_validator("inbox", "tables", "staging")
    @classmethod
    def _is_a_place(cls, text: str | None) -> str | None:
        url = urlsplit(text or "")
        if url.username or url.password or url.query:
            raise ValueError("a URL here holds no credentials and no options: they come from the environment")
        if text is not None and not text.strip():
            raise ValueError("must be a URL, such as s3://bucket/folder, or a folder; or leave it out")
        return text


def parse_storage(block: Any, where: str) -> StorageSettings:
    """The block as it stands in a file.

    Raises:
        SettingsError: with a sentence for each fault.
    """
    return parse_settings(StorageSettings, block or {}, where=f"{where}: {BLOCK}")


def study_place(root: Path, name: str, default: Path) -> Path:
    """Where a study keeps its ``inbox``, ``tables`` or ``staging``: as params.yaml says, else at ``default``."""
    block, where = read_top(root, BLOCK)
    if block is None:
        return default
    named = getattr(parse_storage(block, where), name)
    return default if named is None else place_of(named, root) / default.name


def place_of(text: str, root: Path | None = None) -> Path:
    """A place by its URL, or by its path, from ``root`` on where it is relative.

    Raises:
        StorageError: if a package that this kind of URL needs is not installed.
    """
    if "://" not in text:
        return (root or Path()) / text
    if text.startswith("file://"):
        return Path(urlsplit(text).path)
    try:
        from upath import UPath

        # what was listed once is not kept: a drop may arrive while this process runs
        place = UPath(text, use_listings_cache=False)
        _ = place.fs
    except (ImportError, ValueError) as error:
        raise StorageError(
            f"{text} cannot be used ({type(error).__name__}): for s3 run "
            "pip install -c constraints.txt -e '.[s3]', for another kind what fsspec says"
        ) from None
    return cast(Path, place)


def shown(place: Path, root: Path) -> str:
    """A place in words: from ``root`` where it is below."""
    return str(place if is_far(place) or not place.is_relative_to(root) else place.relative_to(root))


@contextmanager
def reaching(place: Path) -> Iterator[None]:
    """Say in a sentence that a storage does not answer, or does not let us in.

    Raises:
        StorageError: with the kind of what went wrong; a storage's own text may hold names of files.
    """
    try:
        yield
    except Exception as error:
        if not is_far(place) or isinstance(error, StorageError | FileNotFoundError | FileExistsError):
            raise
        kind = type(error.__cause__ or error).__name__
    else:
        return
    raise StorageError(
        f"{place} cannot be reached ({kind}): see that the bucket is there, and that the environment has its "
        "credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION; AWS_ENDPOINT_URL if it is not Amazon's)"
    )


def check_place(place: Path) -> Path:
    """``place`` if tables can be kept in it, see :func:`flows.project.paths.check_folder`."""
    return place if is_far(place) else check_folder(place)


def make_folder(place: Path) -> None:
    """Make a folder with those above it; a storage has none."""
    if not is_far(place):
        place.mkdir(parents=True, exist_ok=True)


def remove_folder(place: Path) -> None:
    """Remove a folder with all in it, if it is there."""
    if not is_far(place):
        shutil.rmtree(place, ignore_errors=True)
        return
    far = cast(Any, place)
    with suppress(FileNotFoundError):
        far.fs.rm(far.path, recursive=True)


def write_whole(file: Path, write: Callable[[Path], Any]) -> None:
    """Have ``write`` make a file at a path of this machine, and put it into its place: whole or not at all."""
    if not is_far(file):
        replace_file(file, write)
        return
    with tempfile.TemporaryDirectory() as near:
        write(Path(near) / file.name)
        send(Path(near) / file.name, file)


def send(near: Path, far: Path) -> None:
    """Copy a file of this machine to a storage, where it then is whole or not at all."""
    target = cast(Any, far)
    target.fs.put_file(str(near), target.path)


@contextmanager
def near(file: Path) -> Iterator[Path]:
    """A file at a path of this machine."""
    if not is_far(file):
        yield file
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / file.name
        copy.write_bytes(file.read_bytes())
        yield copy
