"""Whether the stages behind some targets are what DVC would make now; where this cannot be told, they are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.utils.serialize import load_yaml, parse_yaml

from flows.nightly.pipeline.contents import Contents
from flows.nightly.pipeline.forms import LockedStage, Recorded
from flows.nightly.pipeline.stages import PARAMS, Stage, stages_behind

LOCK = "dvc.lock"


def is_current(root: Path, targets: Iterable[str]) -> bool:
    """Whether ``dvc repro`` of the targets would find nothing to do.

    Never so where DVC would run a stage. It may say no where DVC would run none, as for a stage of a form that this
    project does not write: then DVC is asked.
    """
    try:
        params = load_yaml(root / PARAMS)
        stages = stages_behind(root, targets, params["studies"])
        locked = _locked(root / LOCK, {stage.name for stage in stages})
        contents = Contents(root)
        return all(_is_current(stage, locked.get(stage.name), params, contents) for stage in stages)
    except (DvcException, OSError, ValueError, LookupError, TypeError, AttributeError):
        return False  # files that lack what DVC reads from them: it has words for that


def _locked(path: Path, names: set[str]) -> dict[str, LockedStage]:
    """Some stages of the lock. The others are not read: that would take four times as long."""
    head, _, text = path.read_text(encoding="utf-8").partition("\nstages:\n")
    if head != "schema: '2.0'":
        raise ValueError("a lock of another form")
    parts, wanted = [], False
    for line in text.splitlines(keepends=True):
        if line.startswith("  ") and line[2:3] not in (" ", "-", "#", "\n"):
            wanted = line.strip().removesuffix(":").strip("'\"") in names
        if wanted:
            parts.append(line)
    return {name: LockedStage(**entry) for name, entry in parse_yaml("".join(parts), str(path)).items()}


def _is_current(stage: Stage, locked: LockedStage | None, params: Mapping[str, Any], contents: Contents) -> bool:
    if stage.source:
        made = dict(zip(stage.outs, stage.source.outs, strict=True))
        return all(_is_made(out, made, contents) for out in stage.outs)
    if locked is None or locked.cmd != stage.cmd or not stage.deps:  # without dependencies a stage always runs
        return False
    read, made = ({each.path: each for each in paths} for paths in (locked.deps, locked.outs))
    return (
        all(_same_value(name, locked.params.get(PARAMS, {}), params) for name in stage.params)
        and all(_is_same(dep, read, contents) for dep in stage.deps)
        and all(_is_made(out, made, contents) for out in stage.outs)
    )


def _same_value(name: str, recorded: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    value: Any = params
    for key in name.split("."):
        value = value[key]
    return bool(name in recorded and recorded[name] == value)


def _is_same(path: str, recorded: Mapping[str, Recorded], contents: Contents) -> bool:
    return path in recorded and contents.md5(path) == recorded[path].md5


def _is_made(path: str, recorded: Mapping[str, Recorded], contents: Contents) -> bool:
    return _is_same(path, recorded, contents) and contents.in_cache(recorded[path].md5)
