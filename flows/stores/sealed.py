"""The manifest of a registered version: what it was made from, and the checksum of every file beside it."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

from flows.project.hashing import digest, sha256
from flows.project.paths import read_json, replace_file, write_json

MANIFEST = "manifest.json"
_FILES, _SEAL = "files", "seal"


def seal(folder: Path, manifest: dict[str, Any], files: list[str]) -> None:
    """Write the manifest of a version's folder, with the checksums of its files and one of its own content."""
    content = {**manifest, _FILES: {name: sha256(folder / name) for name in sorted(files)}}
    write_json(folder / MANIFEST, {**content, _SEAL: digest(content)})


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a version's manifest says, without checksums; nothing where there is none.

    Raises:
        ValueError: if it is not what was written.
    """
    return {name: value for name, value in _checked(folder).items() if name not in (_FILES, _SEAL)}


def sealed_files(folder: Path) -> dict[str, str]:
    """The checksum of every file of a version; none of one that was registered before they were kept."""
    files: dict[str, str] = _checked(folder).get(_FILES, {})
    return files


def checked_file(folder: Path, name: str) -> Path | None:
    """A file of a version, or nothing where it was registered without.

    Raises:
        ValueError: if the file is not what was registered, or is gone.
    """
    known = sealed_files(folder)
    path = folder / name
    if name not in known:
        # a version of before checksums: what lies there is all that is known
        return path if not known and path.is_file() else None
    if not path.is_file() or sha256(path) != known[name]:
        what = "changed on disk" if path.is_file() else "is gone"
        raise ValueError(f"{name} beside model {folder.name[:12]} {what}: {_ADVICE}")
    return path


def complete(folder: Path, model: str, files: dict[str, Path], manifest: dict[str, Any]) -> None:
    """Give a version what it was registered without, and seal it anew; what it has stays.

    Args:
        folder: of the version.
        model: the name of its model file.
        files: all that belongs beside it, by name.
        manifest: what it was made from, as far as it does not say so itself.
    """
    known = sealed_files(folder)
    if known and files.keys() <= known.keys():
        return
    for name, path in files.items():
        if not (folder / name).exists():
            replace_file(folder / name, partial(shutil.copyfile, path))
    held = read_manifest(folder)
    seal(folder, {"model_version": folder.name, **manifest, **held}, [model, *known, *files])


def _checked(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        held = read_json(path)
        expected = held.pop(_SEAL, None)
        sound = (expected is None and _FILES not in held) or expected == digest(held)
    except (ValueError, AttributeError):
        sound = False
    if not sound:
        raise ValueError(f"{MANIFEST} beside model {folder.name[:12]} changed on disk: {_ADVICE}")
    return held


_ADVICE = "restore data/registry from backup, or remove the model's folder and retrain"
