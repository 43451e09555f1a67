"""The code that each stage depends on, written into dvc.yaml.

After an import changed: ``python -m flows.project.dependencies``.

A stage's other dependencies, its parameters and outputs are written there by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from flows.project.imports import PACKAGES, RESOLVED, ROOT, looked_up, modules_of, says_nothing, sources
from flows.project.paths import project_root, write_text
from flows.project.settings import read_studies

FILES = ("dvc.yaml", "compare/dvc.yaml", "sweeps/dvc.yaml")
COMMAND = "python -m flows.project.dependencies"
_SETTINGS = "flows.stages.settings"


def code_of(stage: str, studies: Iterable[str], *, root: Path = ROOT) -> list[str]:
    """Files and folders that a stage's result comes from; of the studies' own code the folder of ``${key}`` alone.

    Args:
        stage: full name of the stage's module.
        studies: what their code imports from elsewhere is every study's.
    """
    roots = [stage, *(RESOLVED if stage == _SETTINGS else ())]
    files, places = set(sources(roots, root=root)), looked_up(roots, root=root)
    for place in places:
        for study in studies:
            own = f"{place.replace('.', '/')}/{study}"
            theirs = sources(modules_of(root, f"{place}.{study}"), root=root)
            files |= {path for path in theirs if not path.as_posix().startswith((f"{own}/", f"{own}.py"))}
    return sorted([*_as_folders(files, root), *(f"{place.replace('.', '/')}/${{key}}" for place in places)])


def _as_folders(files: set[Path], root: Path) -> list[str]:
    """The files, or the largest folders that hold nothing else."""
    found: set[Path] = set()
    for file in files:
        whole = file
        for folder in [*file.parents][:-1]:
            inside = (path for path in (root / folder).rglob("*.*") if path.is_file() and path.suffix != ".pyc")
            if any(path.relative_to(root) not in files for path in inside if not _ignored(path)):
                break
            whole = folder
        found.add(whole)
    return [path.as_posix() for path in found]


def _ignored(path: Path) -> bool:
    return path.suffix == ".py" and says_nothing(path)


def with_code(text: str, studies: Iterable[str], *, root: Path = ROOT) -> str:
    """A dvc.yaml whose stages depend on the code that they use, and on all else that they did before."""
    studies = tuple(studies)

    def written(stage: re.Match[str]) -> str:
        command = re.search(r"cmd: python -m (flows\.[\w.]+)", stage[0])
        if command is None:
            return stage[0]
        return re.sub(r"(?m)^( +)deps:\n((?:\1  - .*\n)+)", lambda deps: _deps(deps, command[1]), stage[0])

    def _deps(deps: re.Match[str], module: str) -> str:
        kept = [line for line in deps[2].splitlines() if line.strip(" -").partition("/")[0] not in PACKAGES]
        code = [f"{deps[1]}  - {path}" for path in code_of(module, studies, root=root)]
        return "\n".join([f"{deps[1]}deps:", *kept, *code]) + "\n"

    return re.sub(r"(?m)^  \w+:\n(?: {3,}.*\n|\n)+", written, text)


def main() -> None:
    """Write the files of the project, and name those that changed."""
    root = project_root()
    for name in FILES:
        before = (root / name).read_text()
        after = with_code(before, read_studies(root), root=root)
        if after != before:
            write_text(root / name, after)
            sys.stdout.write(f"{name} changed\n")


if __name__ == "__main__":
    main()
