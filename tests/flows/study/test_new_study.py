"""A study that is none of the samples is added by its files alone: trained, scored, and walked over by the suite."""

from __future__ import annotations

import json
import re
import shutil
import sys

import pytest

from flows.stores.delta_files import read_delta
from tests.support import NIGHT, ROOT, Project, copy_project

NEW = "diabetes"
FILES = ROOT / "tests" / "studies" / NEW
# tests of every study of params.yaml, and below tests of all of them at once
EACH = (
    "tests/flows/check/test_check.py",
    "tests/flows/study/test_names.py",
    "tests/flows/study/test_settings.py",
    "tests/flows/nightly/test_floods.py",
    "tests/flows/experiments/test_compare.py",
    "tests/test_docs.py",
)
TOGETHER = ("tests/flows/project/test_yaml_file.py", "tests/flows/project/test_dependencies.py")
ASKING = f"{NEW} or schedules or generated or depend_on_the_code or at_fault_does_not"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with the files of one more study; of those that were there only params.yaml is another."""
    project = copy_project(tmp_path_factory.mktemp("new") / "project")
    for part in ("schemas", "flows", "data"):
        shutil.copytree(FILES / part, project.folder / part, dirs_exist_ok=True)
    with (project.folder / "params.yaml").open("a") as params:
        params.write((FILES / "params.yaml").read_text())
    assert project.run("git", "diff", "--name-only").stdout.split() == ["params.yaml"]
    return project


def test_it_is_checked_trained_and_scored(project: Project) -> None:
    """The night begins with the check of the study, and has DVC reproduce it."""
    project.run("mtl-health", "nightly", "--study", NEW, "--date", NIGHT)
    metrics = json.loads((project.folder / "reports" / NEW / "metrics.json").read_text())["multi_task"]
    assert set(metrics) == {"progression", "high_glucose"}
    tables = project.folder / "data" / "tables" / NEW
    scores = read_delta(tables / "scores")
    assert scores.height == 88
    assert scores["high_glucose__p"].is_between(0, 1).all()
    assert read_delta(tables / "runs").sort("started_at")["flow"].to_list() == ["retrain", "score"]


def test_the_suite_walks_over_it_as_it_is(project: Project) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rA", "-k", ASKING, *EACH, *TOGETHER)
    done = project.run(*command, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
    passed = re.findall(r"^PASSED (\S+?)::(\S+)", done.stdout, re.MULTILINE)
    assert {file for file, name in passed if NEW in name} == set(EACH)
    assert {file for file, _ in passed} == {*EACH, *TOGETHER}
