"""The folder ``contracts``: one YAML file a study and table, held against the code and against its own history."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from flows.nightly.contracts.made import contracts_of, major_of
from flows.project.paths import replace_file
from flows.study.study import Study
from schemas.odcs.changes import Changes, changes_of, version_after

FOLDER = "contracts"
_HEAD = "# Open Data Contract, made from the code: change that, and run `mtl-health contract`\n"


def file_of(root: Path, study: str, table: str) -> Path:
    """Where the contract of a table is kept."""
    return root / FOLDER / study / f"{table}.odcs.yaml"


def as_text(document: dict[str, Any]) -> str:
    """A contract as its file holds it."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
    return _HEAD + text


def read(file: Path) -> dict[str, Any] | None:
    """The contract that a file holds; None if there is no file."""
    if not file.is_file():
        return None
    return _parsed(file.read_text(encoding="utf-8"))


def renew(study: Study) -> dict[str, tuple[str, Changes]]:
    """Write the contracts that the code says otherwise than their files; give version and changes of each that was.

    Raises:
        ValueError: if a change breaks what readers build on, and the major version is not higher; nothing is written.
    """
    made = contracts_of(study)
    written: dict[str, tuple[str, Changes]] = {}
    for table, document in made.items():
        held, version = read(file_of(study.root, study.name, table)), _version(study, table, document)
        if held is None:
            written[table] = (version, Changes(additive=("the contract is new",)))
        elif version != held["version"]:
            written[table] = (version, changes_of(held, document))
    for table, (version, _) in written.items():
        file = file_of(study.root, study.name, table)
        text = as_text({**made[table], "version": version})
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, lambda path, text=text: Path(path).write_text(text, encoding="utf-8"))  # type: ignore[misc]
    return written


def _version(study: Study, table: str, document: dict[str, Any]) -> str:
    """The version that a contract has after its file and all that git knows of it.

    Raises:
        ValueError: if it breaks one of them.
    """
    file = file_of(study.root, study.name, table)
    held = read(file)
    try:
        return version_after([*_history(study.root, file), *([held] if held else [])], document, major_of(study, table))
    except ValueError as error:
        raise ValueError(f"{_name(study, table)}: {error}; {_how_to_raise(study, table)}") from None


def _how_to_raise(study: Study, table: str) -> str:
    major = major_of(study, table) + 1
    return (
        f"keep the column as it was, or, when every reader knows, raise the major version to {major}: for a change "
        f"of the study's tasks by `published: {{majors: {{{table}: {major}}}}}` under studies.{study.name} in "
        "params.yaml, for a change of the code in MAJORS of flows/nightly/contracts/made.py"
    )


def faults_of(study: Study) -> Iterator[str]:
    """A sentence for every contract that is not what the code says, or breaks what was promised before."""
    for table, document in contracts_of(study).items():
        held = read(file_of(study.root, study.name, table))
        if held is None:
            yield f"{_name(study, table)}: there is none yet: run `mtl-health contract --study {study.name}`"
            continue
        try:
            version = _version(study, table, document)
        except ValueError as error:
            yield str(error)
            continue
        if version != held["version"]:
            changes = changes_of(held, document)
            said = "; ".join((*changes.breaking, *changes.additive)) or "words, or what was changed beside it"
            versions = f"it is {held['version']} and must be {version}"
            yield f"{_name(study, table)}: {versions} ({said}): run `mtl-health contract`"


def _name(study: Study, table: str) -> str:
    return f"{FOLDER}/{study.name}/{table}.odcs.yaml"


def _history(root: Path, file: Path) -> Iterator[dict[str, Any]]:
    """What git knows of a contract, oldest first; nothing where there is no git."""
    name = file.relative_to(root).as_posix()

    def git(*arguments: str) -> str:
        try:
            done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=False)
        except OSError:
            return ""
        return done.stdout if done.returncode == 0 else ""

    for revision in reversed(git("log", "--format=%H", "--", name).split()):
        if text := git("show", f"{revision}:./{name}"):
            yield _parsed(text)


def _parsed(text: str) -> dict[str, Any]:
    """A contract from its text, by the fast reader where it is there."""
    held: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return held
