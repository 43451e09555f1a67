"""A copy of the project in which whole flows may run."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NIGHT = dt.date.today().isoformat()


class Project:
    """A copy of the project that a test may change and run commands in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MTL_HEALTH_"))},
            "PYTHONPATH": str(folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            # the copy's state stays in the copy
            "MTL_HEALTH_ROOT": str(folder),
        }

    def run(self, *command: str, check: bool = True, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a command in the project's folder; ``mtl-health`` is the command line of this very copy."""
        if command[0] == "mtl-health":
            command = (sys.executable, "-m", "flows.cli", *command[1:])
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=timeout, check=False
        )
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)} gave {done.returncode}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
        return done


def copy_project(target: Path) -> Project:
    """Tracked and new files of the checkout, as a git repository of its own, sample data restored through DVC."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    project = Project(target)
    git = ("git", "-c", "user.name=test", "-c", "user.email=test@example.org")
    project.run("git", "init", "--quiet")
    project.run("git", "add", "--all")
    project.run(*git, "commit", "--quiet", "--message", "copy")
    project.run("dvc", "pull", "--quiet", "--recursive", "data/raw")
    return project
