"""What make refuses before it installs anything, and what it passes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# a Python that makes a .venv with itself inside, and writes down everything else that it is asked for
PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && echo "venv $3" >> "$LOG" ;;
"-c "*) test -z "$2" || echo "$VERSION" ;;
*) echo "$*" >> "$LOG" ;;
esac
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def make(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    # under `make test` this is no make of that one, which would say which folder it enters and leaves
    free = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    free |= environment
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


def test_the_library_is_tested_in_a_venv_of_each_python_without_the_extras(tmp_path: Path) -> None:
    log = tmp_path / "log"
    for name in ("python3.12", "python3.13", "python3.12"):
        python = program(tmp_path / "Pythons" / name, PYTHON)
        done = make(tmp_path / "a b", "library", f"PYTHON={python}", LOG=str(log))
        assert (done.returncode, done.stderr) == (0, "")
    said = log.read_text().splitlines()
    # a .venv is made once and kept; pip runs again, since constraints or dependencies may be others
    assert [line.split()[0] for line in said] == ["venv", "-m", "-m"] * 2 + ["-m", "-m"]
    assert [line for line in said if line.startswith("venv")] == ["venv .venv-python3.12", "venv .venv-python3.13"]
    for line in said:
        if line.startswith("-m pip"):
            assert "-c constraints.txt -e . " in line
        elif line.startswith("-m pytest"):
            files = [word for word in line.split() if word.startswith("tests/")]
            assert "tests/mtl_models/test_front_door.py" in files
            assert all((ROOT / name).exists() for name in files)


def test_ci_tests_the_library_on_every_other_python_that_runs(tmp_path: Path) -> None:
    log, project, found = tmp_path / "log", tmp_path / "a b", tmp_path / "Pythons"
    (project / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", project / ".ci")
    program(project / ".venv" / "bin" / "python", PYTHON)
    program(found / "make", '#!/bin/sh\necho "$*" >> "$LOG"\n')
    program(found / "python3.11", "#!/bin/sh\nexit 1\n")  # a shim of pyenv without its version
    program(found / "python3.12", "#!/bin/sh\nexit 1\n")
    program(found / "python3.13", PYTHON)
    kept = program(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin" / "python3.12", PYTHON)
    known = {"LOG": str(log), "PATH": f"{found}:/usr/bin:/bin", "PYENV_ROOT": str(tmp_path / "pyenv")}
    for used, expected, missing in (
        ("3.11", [f"PYTHON={kept}", "PYTHON=python3.13"], []),
        ("3.13", [f"PYTHON={kept}"], ["no Python 3.11 here: the library is not tested on it"]),
    ):
        log.unlink(missing_ok=True)
        done = subprocess.run(
            [project / ".ci" / "run"], env={**known, "VERSION": used}, capture_output=True, text=True, check=True
        )
        assert log.read_text().splitlines() == ["lint", "test", *(f"library {each}" for each in expected)]
        assert [line for line in done.stdout.splitlines() if line.startswith("no ")] == missing
