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
from schemas.odcs.changes import Changes, changes_of, faults_between, next_version

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
    held: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return held


def renew(study: Study) -> dict[str, tuple[str, Changes]]:
    """Write the contracts that the code says otherwise than their files; give version and changes of each that was.

    Raises:
        ValueError: if a change breaks what readers build on, and the major version is not higher; nothing is written.
    """
    made = contracts_of(study)
    written: dict[str, tuple[str, Changes]] = {}
    for table, document in made.items():
        held = read(file_of(study.root, study.name, table))
        if held is None:
            written[table] = (document["version"], Changes(additive=("the contract is new",)))
            continue
        major, changes = major_of(study, table), changes_of(held, document)
        try:
            version = next_version(held["version"], changes, major)
        except ValueError as error:
            raise ValueError(f"{_name(study, table)}: {error}; {_how_to_raise(study, table, held)}") from None
        if version != held["version"]:
            written[table] = (version, changes)
    for table, (version, _) in written.items():
        file = file_of(study.root, study.name, table)
        text = as_text({**made[table], "version": version})
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, lambda path, text=text: Path(path).write_text(text, encoding="utf-8"))  # type: ignore[misc]
    return written


def _how_to_raise(study: Study, table: str, held: dict[str, Any]) -> str:
    major = int(held["version"].split(".")[0]) + 1
    return (
        f"keep the column as it was, or, when every reader knows, raise the major version to {major}: for a change "
        f"of the study's tasks by `published: {{majors: {{{table}: {major}}}}}` under studies.{study.name} in "
        "params.yaml, for a change of the code in MAJORS of flows/nightly/contracts/made.py"
    )


def faults_of(study: Study) -> Iterator[str]:
    """A sentence for every contract that is not what the code says, or whose history broke a promise."""
    for table, document in contracts_of(study).items():
        file = file_of(study.root, study.name, table)
        held = read(file)
        if held is None:
            yield f"{_name(study, table)}: there is none yet: run `mtl-health contract --study {study.name}`"
            continue
        changes = changes_of(held, document)
        if changes.breaking:
            said = f"it breaks what readers build on: {'; '.join(changes.breaking)}"
            yield f"{_name(study, table)}: {said}; {_how_to_raise(study, table, held)}"
        elif changes.level:
            said = "; ".join(changes.additive) or "words differ"
            yield f"{_name(study, table)}: it is not what the code says ({said}): run `mtl-health contract`"
        elif int(held["version"].split(".")[0]) != major_of(study, table):
            yield f"{_name(study, table)}: its major version is not that of the code: run `mtl-health contract`"
        for fault in faults_between(iter([*_history(study.root, file), held])):
            yield f"{_name(study, table)}: {fault}"


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
            yield yaml.safe_load(text)
