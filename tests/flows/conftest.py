"""The checkout under test, its sample data validated once, and a night run in a copy of the project."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import NIGHT, ROOT, Project, copy_project

# a folder as people have them: every copy of the project runs in one
FOLDER = "Müller's #1 study? 100%"


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
def nightly(make_project: Callable[[str], Project]) -> Iterator[Project]:
    """The heart study retrained and one night scored, by the commands that a user types."""
    project = make_project("night")
    project.run("mtl-health", "retrain", "--study", "heart")  # with a server of its own, as on a new machine
    with project.server():
        project.run("mtl-health", "sample-drop", "--study", "heart", "--date", NIGHT)
        project.run("mtl-health", "score", "--study", "heart", "--date", NIGHT)
        yield project
