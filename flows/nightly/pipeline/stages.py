"""The stages behind some targets, from ``dvc.yaml`` and the ``.dvc`` files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import eq
from pathlib import Path
from typing import Any

from dvc.utils.serialize import load_yaml
from pydantic import ValidationError

from flows.nightly.pipeline.forms import KEY, Definition, ForEachStudy, Source

PIPELINE = "dvc.yaml"
PARAMS = "params.yaml"
_FILLED_IN = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True)
class Stage:
    """A stage, or a ``.dvc`` file as one that only has outputs.

    Attributes:
        name: as ``dvc.lock`` calls it.
        params: keys of ``params.yaml``, with dots.
        source: the ``.dvc`` file, which records its outputs itself.
    """

    name: str
    cmd: str = ""
    deps: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    outs: tuple[str, ...] = ()
    source: Source | None = None


def stages_behind(root: Path, targets: Iterable[str], studies: Iterable[str]) -> list[Stage]:
    """The targets and all that they depend on.

    Raises:
        ValueError: if a target is none, or one of the stages or what makes its dependencies has a form that is DVC's
            alone to know.
    """
    known, others = _known_stages(root, list(studies))
    by_name = {stage.name: stage for stage in known}
    makers = [(_parts(out), stage.name) for stage in known for out in stage.outs]
    found: dict[str, Stage] = {}
    seen: set[str] = set()
    to_do = list(targets)
    while to_do:
        name = to_do.pop()
        if name in found:
            continue
        if name not in by_name:
            raise ValueError(f"{name} is no stage of a known form")
        found[name] = stage = by_name[name]
        for dep in set(stage.deps) - seen:
            seen.add(dep)
            parts = _parts(dep)
            if any(_overlap(parts, other) for other in others):
                raise ValueError(f"{dep} is made by a stage of another form")
            to_do += [maker for out, maker in makers if all(map(eq, parts, out))]
    return list(found.values())


def _known_stages(root: Path, studies: list[str]) -> tuple[list[Stage], list[list[str]]]:
    """All stages of known form, and patterns of the outputs of all others."""
    known: list[Stage] = []
    others: list[list[str]] = []
    for path in _dvc_files(root):
        content, folder = load_yaml(path), os.path.relpath(path.parent, root)
        if path.name != PIPELINE:
            try:
                source = Source(**content)
            except ValidationError:
                if not (patterns := _patterns(content, folder)):
                    raise
                others += patterns
            else:
                outs = tuple(os.path.normpath(os.path.join(folder, out.path)) for out in source.outs)
                known.append(Stage(os.path.relpath(path, root), outs=outs, source=source))
            continue
        for name, entry in content.get("stages", {}).items():
            try:
                # elsewhere another params.yaml, or none, fills in what is left open
                if folder != os.curdir or "vars" in content:
                    raise ValueError("not filled in here")
                known += _filled_in(name, entry, studies)
            except ValueError:
                others += _patterns(entry, folder)
    return known, others


def _dvc_files(root: Path) -> Iterator[Path]:
    """Every file in which DVC may look for stages."""
    for folder, folders, files in os.walk(root):
        folders[:] = [] if "pyvenv.cfg" in files else [name for name in folders if name not in (".git", ".dvc")]
        yield from (Path(folder, name) for name in files if name == PIPELINE or name.endswith(".dvc"))


def _filled_in(name: str, entry: dict[str, Any], studies: list[str]) -> list[Stage]:
    """A stage of known form, once a study where it is written so."""
    if "foreach" in entry:
        do = ForEachStudy(**entry).do
        return [_stage(f"{name}@{study}", do.of(study)) for study in studies]
    return [_stage(name, Definition(**entry).of(KEY))]


def _stage(name: str, definition: Definition) -> Stage:
    outs = (*definition.outs, *definition.metrics, *definition.plots)
    return Stage(name, definition.cmd, tuple(definition.deps), tuple(definition.params), outs)


def _patterns(entry: dict[str, Any], folder: str) -> list[list[str]]:
    """Where the outputs of a stage or ``.dvc`` file of another form may lie: a pattern for each folder of the path.

    Raises:
        ValueError: if that cannot be told.
    """
    entry = entry.get("do", entry)
    paths: list[str] = []
    for each in (each for kind in ("outs", "metrics", "plots") for each in entry.get(kind) or ()):
        # an output with options is a block under its path, in a .dvc file a block that holds its path
        paths += [each] if isinstance(each, str) else [each["path"]] if "path" in each else list(each)
    where = os.path.join(folder, entry.get("wdir", os.curdir))
    if "${" in where:
        raise ValueError("outputs that may lie anywhere")
    return [
        ["[^/]*".join(map(re.escape, _FILLED_IN.split(part))) for part in _parts(path)]
        for path in (os.path.join(where, each) for each in paths)
    ]


def _parts(path: str) -> list[str]:
    return os.path.normpath(path).split(os.sep)


def _overlap(path: list[str], pattern: list[str]) -> bool:
    """Whether a path is, lies in or holds what a pattern stands for."""
    return all(re.fullmatch(expected, part) for part, expected in zip(path, pattern, strict=False))
