"""Restore the sample studies from the remote inside the repository: ``python -m flows.cli.restore``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from flows.nightly.reproduce import settle_git
from flows.project.environment import prepare
from flows.project.errors import sentence_of
from flows.project.paths import project_root
from flows.project.yaml_file import read_yaml

SAMPLES = "samples"


def sample_files(root: Path) -> list[Path]:
    """The ``.dvc`` files under ``data/raw`` whose data lie in the remote ``samples``, without those of a team."""
    found = []
    # iterdir and not glob, which finds nothing in a folder that is not ours to read
    for path in sorted(path for path in (root / "data" / "raw").iterdir() if path.suffix == ".dvc"):
        outs = read_yaml(path, str(path.relative_to(root))).content.get("outs") or []
        if any(out.get("remote") == SAMPLES for out in outs):
            found.append(path)
    return found


def restore(root: Path) -> int:
    """Have DVC check out what is missing, in its own words, and give its exit status."""
    settle_git(root)
    files = [str(path.relative_to(root)) for path in sample_files(root)]
    return (
        subprocess.run(
            [sys.executable, "-m", "dvc", "pull", "--remote", SAMPLES, *files], cwd=root, check=False
        ).returncode
        if files
        else 0
    )


def main() -> None:
    """Restore the samples; DVC's exit status is ours."""
    try:
        root = project_root()
        prepare(root)
        sys.exit(restore(root))
    except (ValueError, OSError) as error:
        sys.exit(f"error: {sentence_of(error)}")


if __name__ == "__main__":
    main()
