"""DVC reproduces a study through its command line, one call at a time behind a lock of our own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from flows.project.processes import run_in_group
from flows.project.settings import FILE
from flows.project.yaml_file import read_yaml
from flows.study.naming.rules import FORM
from mtl_models.wording import SettingsError

LAST_STAGES = ("evaluate", "export")


def reproduce(root: Path, study: str, *, timeout: float) -> str:
    """Run ``dvc repro`` for a study's stages up to evaluation and export, and give what it printed."""
    return dvc_repro(root, study, targets_of(study), timeout=timeout)


def targets_of(study: str) -> list[str]:
    """The last stages of a study, which stand for all."""
    return [f"{stage}@{study}" for stage in LAST_STAGES]


def dvc_repro(root: Path, study: str, targets: Sequence[str], *, timeout: float) -> str:
    """Run ``dvc repro`` for some targets of a study and give what it printed.

    A second caller waits: two runs of DVC in one folder refuse each other.

    Raises:
        RuntimeError: if a stage fails or the time is over, with the stage's own last line.
        SettingsError: if DVC could not read params.yaml.
    """
    require_dvc_can_read(root)
    folder = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    with FileLock(root / ".dvc" / "tmp" / "mtl-health.lock", timeout=timeout):
        try:
            settle_git(root)
            done = run_in_group(
                [sys.executable, "-m", "dvc", "repro", *targets],
                cwd=root,
                env=environment,
                timeout=timeout,
                stderr=None if sys.stderr.isatty() else subprocess.PIPE,  # a terminal shows the stages' progress
            )
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"dvc repro of {study} took longer than {timeout:.0f} s and was stopped") from None
    if done.returncode:
        raise RuntimeError(_reason(done.stderr or "", study))
    return done.stdout


def require_dvc_can_read(root: Path) -> None:
    """Say what in params.yaml stops DVC for every study, before DVC says it in its words.

    Raises:
        SettingsError: for a key that stands twice, and a study that is called what no stage can be called.
    """
    file = read_yaml(root / FILE, FILE)
    faults = list(file.doubles)
    studies = file.content.get("studies")
    for study in studies if isinstance(studies, dict) else ():
        if "@" in str(study):
            faults.append(f"{FILE}: studies.{study}: a study's name has {FORM}")
    if faults:
        raise SettingsError(faults)


def settle_git(root: Path) -> None:
    """Tell DVC whether the project lies in a git repository: one unpacked from an archive does not, and DVC ends."""
    in_git = any((folder / ".git").exists() for folder in (root, *root.parents))
    local = root / ".dvc" / "config.local"
    told = local.is_file() and "no_scm" in local.read_text(encoding="utf-8")
    if told is in_git:
        change = ["--unset", "core.no_scm"] if in_git else ["core.no_scm", "true"]
        subprocess.run([sys.executable, "-m", "dvc", "config", "--local", *change], cwd=root, check=False)


def _reason(stderr: str, study: str) -> str:
    """The stage's own sentence if it gave one, else the kind of its error and DVC's last line."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    if said := [line for line in lines if line.startswith(f"{study}: ")]:
        return "\n".join(dict.fromkeys(said))
    # of an unexpected error only the kind is passed on: its text could hold a value
    kinds = [line.split(":")[0] for line in lines if re.match(r"[A-Za-z_.]*(Error|Exception|Interrupt|Exit)\b", line)]
    return f"dvc repro failed{f' ({kinds[-1]})' if kinds else ''}: {lines[-1] if lines else 'see above'}"
