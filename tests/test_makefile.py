"""What make refuses before it installs anything, and what it passes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    # under `make test` this is no make of that one, which would say which folder it enters and leaves
    free = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(["make", *arguments], cwd=folder, env=free, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["a b", "ü", "a#b", "a?b", "100%", "a'b", "a&b;c", "(a)", "a*", "~a"])
def test_a_folder_of_any_usual_name_is_fine(tmp_path: Path, name: str) -> None:
    done = make(tmp_path / name, "folder")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unfit", ["%20", "[", "]", "^", "|", "\\", ":", '"', "$", "`"])
def test_a_name_that_tables_do_not_survive_is_refused_first(tmp_path: Path, unfit: str) -> None:
    done = make(tmp_path / f"a{unfit}b", "data")
    assert done.returncode == 2
    assert done.stderr.startswith("error: the name of this folder has one of")
    assert not (tmp_path / f"a{unfit}b" / ".venv").exists()


def test_a_venv_of_another_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "installed").write_text(f"{tmp_path}\n")
    assert make(tmp_path, "folder").returncode == 0
    shutil.copytree(tmp_path, tmp_path / "copy")
    done = make(tmp_path / "copy", "folder")
    assert done.returncode == 2
    assert f"error: .venv was made in {tmp_path}: remove it" in done.stderr


def test_a_missing_python_is_named(tmp_path: Path) -> None:
    done = make(tmp_path, "data", "PYTHON=python3.99")
    assert done.returncode == 2
    assert "error: there is no python3.99" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_command_and_not_make_decides_which_day_it_is(tmp_path: Path) -> None:
    last = [
        make(tmp_path, "--dry-run", "nightly", *date).stdout.splitlines()[-1] for date in ((), ("DATE=2026-11-20",))
    ]
    assert last[0].split("flows.cli ")[1].strip() == 'nightly --study "nhanes"'
    assert last[1].split("flows.cli ")[1] == 'nightly --study "nhanes" --date "2026-11-20"'
    assert (
        make(tmp_path, "--dry-run", "nightly", "DATE=").stdout.splitlines()[-1].endswith('--date ""')
    )  # and is refused
