"""A registered version is what was registered: every file of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flows.stores.registry import ModelRegistry
from flows.stores.sealed import MANIFEST


def registered(folder: Path, *names: str) -> tuple[ModelRegistry, str]:
    """A version with some companions, each of which says its name."""
    for name in ("model.onnx", *names):
        (folder / name).write_text(name)
    registry = ModelRegistry(folder / "registry", folder / "champions")
    return registry, registry.register(folder / "model.onnx", [folder / name for name in names], {"git_revision": "a"})


def test_a_wrong_byte_beside_a_model_is_refused(tmp_path: Path) -> None:
    registry, version = registered(tmp_path, "export.json", "held_out.parquet")
    folder = registry.version_folder(version)
    path = registry.companion(version, "export.json")
    assert path is not None
    assert path.read_text() == "export.json"
    assert registry.companion(version, "other.json") is None
    assert registry.manifest(version) == {"model_version": version, "git_revision": "a"}
    (folder / "other.json").write_text("laid there later")
    assert registry.companion(version, "other.json") is None, "it was not registered"
    registry.check(version)
    path.write_text("export.jsoN")
    for refused in (registry.check, lambda each: registry.promote(each, "by hand", {})):
        with pytest.raises(ValueError, match=r"export\.json beside"):
            refused(version)
    assert registry.promotions().is_empty()
    with pytest.raises(ValueError, match=r"export.json beside model .* changed on disk: restore data/registry"):
        registry.companion(version, "export.json")
    path.unlink()
    with pytest.raises(ValueError, match=r"export.json beside model .* is gone"):
        registry.companion(version, "export.json")
    manifest = folder / MANIFEST
    manifest.write_text(manifest.read_text().replace('"git_revision": "a"', '"git_revision": "b"'))
    for ask in (lambda: registry.manifest(version), lambda: registry.companion(version, "held_out.parquet")):
        with pytest.raises(ValueError, match=r"manifest.json beside model .* changed on disk"):
            ask()


def test_a_version_from_before_checksums_is_sealed_when_it_is_registered_again(tmp_path: Path) -> None:
    registry, version = registered(tmp_path, "export.json")
    folder = registry.version_folder(version)
    (folder / MANIFEST).write_text(json.dumps({"model_version": version, "git_revision": "old"}))
    assert registry.manifest(version)["git_revision"] == "old"
    assert registry.companion(version, "export.json") is not None
    registered(tmp_path, "export.json", "params.json")
    assert registry.manifest(version)["git_revision"] == "old", "what it has stays"
    assert registry.companion(version, "params.json") is not None
    (folder / "export.json").write_text("other")
    with pytest.raises(ValueError, match="changed on disk"):
        registry.companion(version, "export.json")
