"""What is another from one version to the next: data, params, code; from what the registry keeps beside both."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from flows.nightly.update.told import told_of
from flows.project.paths import read_json
from flows.stores.registry import ModelRegistry

PARAMS, LOCK = "params.json", "dvc.lock"
_MOST = 30  # lines of one kind; more are counted
_NOT_KEPT = "not known: one of the two versions was registered before this was kept"


def changed(root: Path, registry: ModelRegistry, study: str, old: str | None, new: str) -> dict[str, list[str]]:
    """Sentences by title. Without a version before, what the new one is made of."""
    told = {"Correction": lines} if (lines := told_of(registry.manifest(new))) else {}
    return {
        **told,
        "Data": _shortened(_data(registry, study, old, new)),
        "Params": _shortened(_params(registry, old, new)),
        "Code": _shortened(_code(root, registry, study, old, new)),
    }


def _shortened(lines: Iterator[str]) -> list[str]:
    found = list(lines)
    more = len(found) - _MOST
    return found if more <= 0 else [*found[:_MOST], f"and {more} more"]


def _data(registry: ModelRegistry, study: str, old: str | None, new: str) -> Iterator[str]:
    tables = {version: (registry.profile(version) or {}).get("tables", {}) for version in (old, new) if version}
    for name, counts in tables[new].items():
        before = tables.get(old or "", {}).get(name, {}).get("n_rows")
        was = "" if before is None else f", {before:,} before"
        yield f"{name}: {counts['n_rows']:,} rows{was}"
    locks = [_locked(registry, study, version) if version else {} for version in (old, new)]
    if not all(locks[1 if old is None else 0 :]):
        yield _NOT_KEPT
        return
    sources = [{path: md5 for path, md5 in lock.items() if _is_data(path)} for lock in locks]
    differ = [path for path in sorted(sources[0] | sources[1]) if sources[0].get(path) != sources[1].get(path)]
    yield from (f"{path}: {sources[1].get(path, 'gone')[:12]}" for path in differ)
    if not differ:
        yield "the same as before"


def _params(registry: ModelRegistry, old: str | None, new: str) -> Iterator[str]:
    if old is None:
        yield "the first model of the study"
        return
    files = [registry.companion(version, PARAMS) for version in (old, new)]
    if files[0] is None or files[1] is None:
        yield _NOT_KEPT
        return
    before, after = (dict(_flat(read_json(path))) for path in files if path)
    differ = [key for key in sorted(before | after) if before.get(key) != after.get(key)]
    yield from (f"{key}: {before.get(key, 'not set')} → {after.get(key, 'not set')}" for key in differ)
    if not differ:
        yield "the same as before"


def _code(root: Path, registry: ModelRegistry, study: str, old: str | None, new: str) -> Iterator[str]:
    revisions = [registry.manifest(version).get("git_revision", "unknown") for version in (old, new) if version]
    yield f"commit {' → '.join(revisions)}"
    if old is None:
        return
    locks = [_locked(registry, study, version) for version in (old, new)]
    if not all(locks):
        yield _NOT_KEPT
        return
    files = [{path: md5 for path, md5 in lock.items() if not path.startswith("data/")} for lock in locks]
    differ = [path for path in sorted(files[0] | files[1]) if files[0].get(path) != files[1].get(path)]
    yield (
        f"modules that decide a stage's result and differ: {len(differ)}"
        if differ
        else "no module that decides a result differs"
    )
    yield from _commits(root, *revisions)


def _commits(root: Path, old: str, new: str) -> Iterator[str]:
    """The titles of the commits between two, where git knows both."""
    ends = [re.sub("-dirty$", "", revision) for revision in (old, new)]
    if ends[0] == ends[1] or not all(re.fullmatch("[0-9a-f]{40}", end) for end in ends):
        return
    command = ["git", "-C", str(root), "log", "--format=%h %s", f"--max-count={_MOST}", f"{ends[0]}..{ends[1]}"]
    try:
        yield from subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    except (OSError, subprocess.CalledProcessError):
        yield "git does not know both commits"


def _locked(registry: ModelRegistry, study: str, version: str) -> dict[str, str]:
    """The checksum of everything that the study's stages read and did not make themselves."""
    path = registry.companion(version, LOCK)
    if path is None:
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stages: Mapping[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader).get("stages", {})
    mine = [stage for name, stage in stages.items() if name.endswith(f"@{study}")]
    made = {out["path"] for stage in mine for out in stage.get("outs", ())}
    return {
        dep["path"]: dep["md5"]
        for stage in mine
        for dep in stage.get("deps", ())
        if dep["path"] not in made and "md5" in dep
    }


def _is_data(path: str) -> bool:
    return path.startswith("data/") and not path.startswith("data/settings/")


def _flat(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
