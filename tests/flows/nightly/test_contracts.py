"""The contracts in the folder ``contracts``: of the standard's form, what the code says, never broken in silence."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from flows.nightly.contracts.kept import as_text, faults_of, file_of, read, renew
from flows.nightly.contracts.made import MAJORS, contracts_of
from flows.project.settings import StudySettings
from flows.stores.registry import ModelRegistry
from flows.study.study import Study
from schemas.published import Champions
from tests.support import ROOT, SAMPLES, STUDIES

SCHEMA = json.loads((ROOT / "tests" / "schemas" / "odcs" / "odcs-v3.2.0.json").read_text(encoding="utf-8"))
CHECK = jsonschema.Draft201909Validator(SCHEMA)
KEPT = [study for study in STUDIES if study in SAMPLES or (ROOT / "contracts" / study).is_dir()]


@pytest.mark.parametrize("study", KEPT)
def test_contracts_are_what_the_code_says_and_were_never_broken(study: str) -> None:
    assert list(faults_of(Study(ROOT, study, "block"))) == []


@pytest.mark.parametrize("study", KEPT)
def test_contracts_have_the_form_of_the_standard(study: str) -> None:
    for table in MAJORS:
        held = read(file_of(ROOT, study, table))
        assert held is not None
        assert [f"{error.json_path}: {error.message}" for error in CHECK.iter_errors(held)] == []


def test_champions_are_as_the_registry_writes_them() -> None:
    columns = Champions.to_schema().columns
    history = ModelRegistry(Path("none"), Path("none")).promotions()
    assert {name: column.dtype.type for name, column in columns.items()} == dict(history.schema)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    """The heart study in a folder of its own, its contracts written and committed."""
    (tmp_path / "params.yaml").write_text("studies: {}\n")
    one = replace(Study(ROOT, "heart", "block"), root=tmp_path, given=Study(ROOT, "heart", "block").settings)
    assert {version for version, _ in renew(one).values()} == {"1.0.0"}
    assert renew(one) == {}
    git(tmp_path, "init", "-q")
    commit(tmp_path)
    return one


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "contracts")


def with_tasks(study: Study, *tasks: dict[str, Any], **published: Any) -> Study:
    settings = study.settings.model_dump(mode="json") | {"tasks": list(tasks), "published": published}
    return study.with_settings(StudySettings.model_validate_json(json.dumps(settings)))


def test_a_new_task_is_additive_and_a_lost_one_needs_a_word(study: Study) -> None:
    tasks = study.settings.tasks
    wider = with_tasks(study, *tasks, {"name": "bp", "title": "Pressure", "kind": "regression", "unit": "mmHg"})
    assert list(faults_of(wider)) == [
        "contracts/heart/scores.odcs.yaml: it is 1.0.0 and must be 1.1.0 (column bp is new): run `mtl-health contract`"
    ]
    assert {name: version for name, (version, _) in renew(wider).items()} == {"scores": "1.1.0"}
    assert list(faults_of(wider)) == []
    commit(study.root)
    kept = file_of(study.root, "heart", "scores").read_bytes()
    with pytest.raises(ValueError, match=r"column bp is gone; .*raise the major version to 2: .*majors: {scores: 2}"):
        renew(study)
    assert file_of(study.root, "heart", "scores").read_bytes() == kept
    deliberate = with_tasks(study, *tasks, majors={"scores": 2})
    assert {name: version for name, (version, _) in renew(deliberate).items()} == {"scores": "2.0.0"}
    commit(study.root)
    assert list(faults_of(deliberate)) == []


def test_a_file_that_is_made_anew_past_the_command_is_found_in_the_history(study: Study) -> None:
    narrower = with_tasks(study, *study.settings.tasks[1:])
    file = file_of(study.root, "heart", "scores")
    held = read(file)
    assert held is not None
    file.write_text(as_text({**contracts_of(narrower)["scores"], "version": "1.0.0"}))
    commit(study.root)
    (found,) = faults_of(narrower)
    assert "it breaks what readers build on: column thal is gone" in found
    file.unlink()
    with pytest.raises(ValueError, match="column thal is gone"):
        renew(narrower)
    wider = with_tasks(study, *study.settings.tasks, {"name": "bp", "title": "Pressure", "kind": "regression"})
    file.write_text(as_text({**contracts_of(wider)["scores"], "version": "1.0.0"}))
    (found,) = faults_of(wider)
    assert "it is 1.0.0 and must be 1.1.0 (words, or what was changed beside it)" in found
    assert {name: version for name, (version, _) in renew(wider).items()} == {"scores": "1.1.0"}
    assert list(faults_of(wider)) == []


def test_every_column_that_is_published_has_words(study: Study) -> None:
    for document in contracts_of(study).values():
        assert all(column["description"] for column in document["schema"][0]["properties"])
