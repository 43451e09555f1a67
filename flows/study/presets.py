"""Named architectures: a file in presets/ each, put where a study's model or a candidate of a comparison names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from flows.project.yaml_file import read_yaml
from mtl_models.settings import Options, parse_settings
from mtl_models.wording import SettingsError, unknown


class Preset(Options):
    """One architecture.

    Attributes:
        title: what it is, in a line.
        model: parts of the model.
        training: keys of training that it needs otherwise than a study has them.
        tasks: the tasks that it is for; all if left out. A candidate of a comparison alone can choose among tasks.
    """

    title: str
    model: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)
    tasks: tuple[str, ...] = ()


def preset_names(root: Path) -> list[str]:
    """Names of the presets of a project."""
    return sorted(path.stem for path in (root / "presets").glob("*.yaml"))


def read_preset(root: Path, name: str) -> Preset:
    """A preset by its name.

    Raises:
        SettingsError: for an unknown name, or a file with a key that is unknown, missing or of the wrong kind.
    """
    if name not in (known := preset_names(root)):
        raise SettingsError([f"{unknown(name, known)} (files of presets/)"])
    shown = f"presets/{name}.yaml"
    file = read_yaml(root / "presets" / f"{name}.yaml", shown)
    if faults := file.faults_in():
        raise SettingsError(faults)
    return parse_settings(Preset, file.content, where=f"{shown}:")


def with_presets(root: Path, study: Mapping[str, Any]) -> dict[str, Any]:
    """A study's block with every preset that it names in its place; what the block says besides comes on top.

    Parts of a model are replaced whole, training key by key.

    Raises:
        SettingsError: naming the keys at fault.
    """
    block, faults = fill_presets(root, study)
    if faults:
        raise SettingsError(faults)
    return block


def fill_presets(root: Path, study: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """As :func:`with_presets`, with the faults beside the block; a preset that cannot be read is left out."""
    block, faults = dict(study), list[str]()
    if isinstance(block.get("model"), Mapping) and "preset" in block["model"]:
        name = block["model"]["preset"]
        alone = {"preset": name, "model": _without(block["model"]), "training": block.get("training", {})}
        filled = _filled(root, alone, "model", faults)
        if tasks := filled.pop("tasks", ()):
            faults.append(
                f"model.preset: {name!r} is for the tasks {', '.join(tasks)} alone: "
                "name it in a candidate of `compare`, or name one without tasks"
            )
        block |= filled
    compare = block.get("compare")
    if isinstance(compare, Mapping):
        block["compare"] = dict(compare)
        if isinstance(compare.get("candidates"), Mapping):
            block["compare"]["candidates"] = {
                name: _filled(root, each, f"compare.candidates.{name}", faults)
                for name, each in compare["candidates"].items()
            }
        if "base" in compare:
            block["compare"]["base"] = _filled(root, compare["base"], "compare.base", faults)
    return block, faults


def _without(block: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in block.items() if key != "preset"}


def _filled(root: Path, candidate: Any, where: str, faults: list[str]) -> Any:
    """A candidate of a comparison, or what has a model and a training as it has, with its preset in its place."""
    if not isinstance(candidate, Mapping) or "preset" not in candidate:
        return candidate
    own = _without(candidate)
    try:
        preset = read_preset(root, str(candidate["preset"]))
    except SettingsError as error:
        faults += [f"{where}.preset: {fault}" for fault in error.sentences]
        return own
    parts = {key: own.get(key, {}) for key in ("model", "training")}
    if not all(isinstance(part, Mapping) for part in parts.values()):
        return own  # what is wrong is said when the block is read
    found = {**own, "model": {**preset.model, **parts["model"]}, "training": {**preset.training, **parts["training"]}}
    return {"tasks": preset.tasks, **found} if preset.tasks else found
