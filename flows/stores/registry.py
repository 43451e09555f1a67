"""The model registry: exported files by content hash, and the history of champions as a table."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
from filelock import FileLock

from flows.project.hashing import sha256
from flows.project.paths import StudyPaths, read_json
from flows.stores.sealed import checked_file, complete, read_manifest, seal, sealed_files
from flows.stores.store import STORES, WHOLE, Store

MODEL = "model.onnx"
PROFILE = "validation.json"
EVALUATION = "evaluation.json"
CORRECTS = "corrects"
_HISTORY: dict[str, Any] = {
    "model_version": pl.String,
    "promoted_at": pl.Datetime("us", "UTC"),
    "reason": pl.String,
    "replaced": pl.String,
    "gate": pl.String,
}


@dataclass(frozen=True)
class Champion:
    """The version that scores tonight.

    Attributes:
        version: SHA-256 of its file.
        path: the file, its checksum verified.
    """

    version: str
    path: Path
    promoted_at: datetime
    reason: str


class ModelRegistry:
    """Versions of one study's model.

    Args:
        folder: files, ``versions/<sha256>/model.onnx`` with what belongs to them.
        history: folder of the table of promotions; its last row is the champion.
        store: the kind of the store that keeps that table.
    """

    def __init__(self, folder: Path, history: Path, store: str = "delta") -> None:
        self.folder = folder
        self.history: Store = STORES[store](history, WHOLE, shared=True)

    def register(
        self, model: Path, companions: Iterable[Path], manifest: dict[str, Any], profile: Path | None = None
    ) -> str:
        """Keep a model file with its companions and give its version; the same bytes again change nothing.

        ``profile`` is the summary of the training data's validation, counts only. What a version was registered
        without it is given; what it has stays.
        """
        version = sha256(model)
        target = self.version_folder(version)
        files = {path.name: path for path in companions} | ({PROFILE: profile} if profile else {})
        if target.exists():
            complete(target, MODEL, files, manifest)
            return version
        unfinished = target.with_name(f".{version}.{os.getpid()}.partial")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        shutil.copyfile(model, unfinished / MODEL)
        for name, path in files.items():
            shutil.copyfile(path, unfinished / name)
        seal(unfinished, {"model_version": version, **manifest}, [MODEL, *files])
        os.replace(unfinished, target)
        return version

    def version_folder(self, version: str) -> Path:
        """Where a version's file lies with what belongs to it."""
        return self.folder / "versions" / version

    def check(self, version: str) -> None:
        """Make sure that a version's file and all beside it are what was registered.

        Raises:
            ValueError: naming the first that is not.
        """
        self.path(version)
        folder = self.version_folder(version)
        for name in sealed_files(folder):
            checked_file(folder, name)

    def companion(self, version: str, name: str) -> Path | None:
        """A file beside a version's model; nothing where it was registered without.

        Raises:
            ValueError: if its bytes changed.
        """
        return checked_file(self.version_folder(version), name)

    def manifest(self, version: str) -> dict[str, Any]:
        """What a version was made from.

        Raises:
            ValueError: if its bytes changed.
        """
        return read_manifest(self.version_folder(version))

    def network_of(self, version: str) -> str:
        """The version whose network a version has: its own, or that of the one that it corrects.

        Raises:
            ValueError: if the bytes of its manifest changed.
        """
        return str(self.manifest(version).get(CORRECTS, version))

    def profile(self, version: str) -> dict[str, Any] | None:
        """Counts of the validation of a version's training data; None where it was registered without them.

        Raises:
            ValueError: if its bytes changed.
        """
        path = self.companion(version, PROFILE)
        return read_json(path) if path else None

    def evaluation(self, version: str) -> dict[str, Any]:
        """The figures of a version on held-out people; nothing where it was registered without them."""
        path = self.folder / "versions" / version / EVALUATION
        return read_json(path) if path.is_file() else {}

    def path(self, version: str) -> Path:
        """The file of a version.

        Raises:
            ValueError: if it is not there or its bytes changed.
        """
        path = self.version_folder(version) / MODEL
        if not path.is_file():
            raise ValueError(f"model {version[:12]} is not in the registry {self.folder}: run retrain")
        if sha256(path) != version:
            raise ValueError(f"model {version[:12]} changed on disk: remove {path.parent} and retrain")
        return path

    def model(self, version: str) -> Champion:
        """A version as if it were the champion.

        Raises:
            ValueError: if it is not there or its bytes changed.
        """
        return Champion(version, self.path(version), datetime.now(UTC), "named")

    def champion_profile(self) -> dict[str, Any] | None:
        """The champion's profile; None where there is no champion, or none is kept."""
        promotions = self.promotions()
        return None if promotions.is_empty() else self.profile(promotions["model_version"][-1])

    def promotions(self) -> pl.DataFrame:
        """Every promotion, oldest first."""
        if not self.history.exists():
            return pl.DataFrame(schema=_HISTORY)
        return self.history.read().sort("promoted_at")

    def champion(self) -> Champion | None:
        """The champion, or None before the first promotion."""
        rows = self.promotions()
        if rows.is_empty():
            return None
        last = rows.row(-1, named=True)
        return Champion(last["model_version"], self.path(last["model_version"]), last["promoted_at"], last["reason"])

    def require_champion(self, study: str) -> Champion:
        """The champion of ``study``.

        Raises:
            ValueError: before the first promotion.
        """
        champion = self.champion()
        if champion is None:
            raise _no_champion(study)
        return champion

    def require_promoted(self, study: str) -> None:
        """Make sure that ``study`` has a champion; its file is not read.

        Raises:
            ValueError: before the first promotion.
        """
        if self.promotions().is_empty():
            raise _no_champion(study)

    def promote(self, version: str, reason: str, gate: dict[str, Any]) -> dict[str, Any]:
        """Make a registered version the champion, and give the row of the history."""
        self.check(version)
        with FileLock(self.folder / ".promoting.lock", timeout=60):
            current = self.promotions()
            row = {
                "model_version": version,
                "promoted_at": datetime.now(UTC),
                "reason": reason,
                "replaced": current["model_version"][-1] if current.height else None,
                "gate": json.dumps(gate, sort_keys=True),
            }
            self.history.replace(WHOLE, pl.concat([current, pl.DataFrame([row], schema=_HISTORY)]))
            return row


def _no_champion(study: str) -> ValueError:
    return ValueError(
        f"{study} has no champion yet: run `mtl-health retrain --study {study}`, and see what the gate says"
    )


def registry_of(paths: StudyPaths, store: str = "delta") -> ModelRegistry:
    """The model registry of a study, its history in one kind of store."""
    return ModelRegistry(paths.registry, paths.tables / "champions", store)
