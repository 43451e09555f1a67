"""The checkout under test, its sample data validated once, and a night run in a copy of the project."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import FOLDER, NIGHT, ROOT, Project, copy_project


@pytest.fixture(scope="session")
def root() -> Path:
    if not (ROOT / "data" / "raw" / "nhanes").is_dir():
        pytest.fail("the sample data are not restored: run `dvc pull -R data/raw`")
    return ROOT


@pytest.fixture(scope="session")
def valid_nhanes(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole NHANES sample, validated."""
    from flows.stages.validate import validate
    from flows.study.study import Study

    target = tmp_path_factory.mktemp("nhanes") / "valid"
    validate(Study(root, "nhanes"), root / "data" / "raw" / "nhanes", target)
    return target


@pytest.fixture(scope="session")
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    return lambda name: copy_project(tmp_path_factory.mktemp(name) / FOLDER)


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The heart study retrained and one night scored, by the commands that a user types; to be copied.

    Made once, whichever worker comes first: the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / "scored" / FOLDER, shared / "scored" / "done"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = copy_project(folder)
            project.run("mtl-health", "retrain", "--study", "heart")  # with a server of its own, as on a new machine
            project.run("mtl-health", "sample-drop", "--study", "heart", "--date", NIGHT)
            project.run("mtl-health", "score", "--study", "heart", "--date", NIGHT)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def copy_night(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """A copy of the project after its first night, which a test may change as it likes."""

    def copy(name: str) -> Project:
        folder = tmp_path_factory.mktemp(name) / FOLDER
        shutil.copytree(scored, folder, symlinks=True)
        return Project(folder)

    return copy


@pytest.fixture(scope="session")
def nightly(copy_night: Callable[[str], Project]) -> Iterator[Project]:
    """A copy after its first night, with a server, for all tests that leave that night's tables as they were."""
    project = copy_night("night")
    with project.server():
        yield project
