"""What is wrong with the names in a study's block of params.yaml, all at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flows.project.errors import WorkerError, sentence_of
from flows.project.paths import project_root
from flows.project.processes import end_at_once
from flows.study.load import read_study

Lookup = Callable[[], list[str]]


def name_faults(root: Path, study: str) -> list[str]:
    """A sentence for every key, type and name of a study's block that does not hold; none for a sound block.

    Names are looked up in the contract, the registries of `mtl_models`, and the study's feature module. No data are
    read.
    """
    return read_study(root, study, depth="parts")[1]


def look_up_beside(root: Path, study: str) -> Lookup:
    """Start :func:`name_faults` in a process of its own, and give what waits for it.

    The options of a model's parts are looked up with torch, which takes as long to import as the tables to read.

    Raises:
        WorkerError: of what is given, if that process ends otherwise than with the faults.
    """
    command = [sys.executable, "-m", "flows.study.names", study]
    child = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def faults() -> list[str]:
        out, said = child.communicate()
        if child.returncode:
            raise WorkerError(said.strip() or "the process that looks up names was ended from outside")
        found: list[str] = json.loads(out.splitlines()[-1])  # a study's module may print when it is imported
        return found

    return faults


def main() -> None:
    """Print the faults of the study named on the command line as JSON."""
    end_at_once()
    try:
        found = name_faults(project_root(), sys.argv[1])
        sys.stdout.write(f"\n{json.dumps(found)}\n")
    except Exception as error:
        sys.exit(sentence_of(error))


if __name__ == "__main__":
    main()
