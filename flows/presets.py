"""Named architectures: a file in presets/ each, put where a study's model or a run of a comparison names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError


class Preset(BaseModel):
    """One architecture.

    Attributes:
        title: what it is, in a line.
        model: parts of the model.
        training: keys of training that it needs otherwise than a study has them.
        tasks: the tasks that it is for; all if left out. A run of a comparison alone can choose among tasks.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str
    model: dict[str, Any]
    training: dict[str, Any] = {}
    tasks: tuple[str, ...] = ()


def preset_names(root: Path) -> list[str]:
    """Names of the presets of a project."""
    return sorted(path.stem for path in (root / "presets").glob("*.yaml"))


def read_preset(root: Path, name: str) -> Preset:
    """A preset by its name.

    Raises:
        ValueError: for an unknown name, or a file with a key that is unknown, missing or of the wrong kind.
    """
    if name not in (known := preset_names(root)):
        raise ValueError(f"no preset {name!r} in presets/; there are {', '.join(known) or 'none'}")
    try:
        return Preset.model_validate(yaml.safe_load((root / "presets" / f"{name}.yaml").read_text()))
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        raise ValueError(f"presets/{name}.yaml: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def with_presets(root: Path, study: Mapping[str, Any]) -> dict[str, Any]:
    """A study's block with every preset that it names in its place; what the block says besides comes on top.

    Parts of a model are replaced whole, training key by key.

    Raises:
        ValueError: naming the key at fault.
    """
    block = dict(study)
    model = block.get("model")
    if isinstance(model, Mapping) and "preset" in model:
        preset = _read(root, model["preset"], "model.preset")
        if preset.tasks:
            raise ValueError(
                f"model.preset: {model['preset']!r} is for the tasks {', '.join(preset.tasks)} alone: "
                "name it in a run of `compare`, or name one without tasks"
            )
        own = {key: value for key, value in model.items() if key != "preset"}
        block["model"] = {**preset.model, **own}
        block["training"] = {**preset.training, **(block.get("training") or {})}
    compare = block.get("compare")
    if isinstance(compare, Mapping):
        block["compare"] = dict(compare)
        if isinstance(compare.get("runs"), Mapping):
            runs = {name: _with_preset(root, run, f"compare.runs.{name}") for name, run in compare["runs"].items()}
            block["compare"]["runs"] = runs
        if "base" in compare:
            block["compare"]["base"] = _with_preset(root, compare["base"], "compare.base")
    return block


def _with_preset(root: Path, run: Any, where: str) -> Any:
    """One run of a comparison."""
    if not isinstance(run, Mapping) or "preset" not in run:
        return run
    preset = _read(root, run["preset"], f"{where}.preset")
    own = {key: value for key, value in run.items() if key != "preset"}
    found: dict[str, Any] = {
        **own,
        "model": {**preset.model, **(own.get("model") or {})},
        "training": {**preset.training, **(own.get("training") or {})},
    }
    return {"tasks": preset.tasks, **found} if preset.tasks else found


def _read(root: Path, name: Any, where: str) -> Preset:
    try:
        return read_preset(root, str(name))
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
