"""DVC reproduces a study through its command line, one call at a time behind a lock of our own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

LAST_STAGES = ("evaluate", "export")


def reproduce(root: Path, study: str, *, timeout: float) -> str:
    """Run ``dvc repro`` for a study's stages and give what it printed.

    A second caller waits: two runs of DVC in one folder refuse each other.

    Raises:
        RuntimeError: if a stage fails or the time is over, with the stage's own last line.
    """
    targets = [f"{stage}@{study}" for stage in LAST_STAGES]
    folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    with FileLock(root / ".dvc" / "tmp" / "mtl-health.lock", timeout=timeout):
        try:
            done = subprocess.run(
                [sys.executable, "-m", "dvc", "repro", *targets],
                cwd=root,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=None if sys.stderr.isatty() else subprocess.PIPE,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"dvc repro of {study} took longer than {timeout:.0f} s and was stopped") from None
    if done.returncode:
        lines = [line.strip() for line in (done.stderr or "").splitlines() if line.strip()]
        said = next((line for line in lines if line.startswith(f"{study}: ")), lines[-1] if lines else "see above")
        raise RuntimeError(f"dvc repro failed: {said}")
    return done.stdout
