"""A YAML file that cannot be read is one sentence with its line, which quotes nothing of the file."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from flows.nightly.reproduce import require_dvc_can_read
from flows.project.settings import read_studies
from flows.project.yaml_file import read_yaml
from flows.schedule.deployments import read_schedules
from flows.study.load import load_settings
from mtl_models.wording import SettingsError
from tests.support import ROOT


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a:\n\tsecret: 1\n", "line 2, column 1: a tab stands where spaces must"),
        ("a: secret: c\n", "line 1, column 10: a colon where no key can stand: put a text that holds one in quotes"),
        ("a: [1, 2\nsecret: 3\n", "line 2, column 7: a list in square brackets is not closed, or lacks a comma"),
        ("a: {x: 1\nsecret: 2\n", "line 2, column 7: a block in braces is not closed, or lacks a comma"),
        ("a:\n  b: 1\n secret: 2\n", "line 3, column 2: the indent does not fit the lines above"),
        ("a: 'secret\n", "line 2, column 1: a quote is not closed"),
        ("a: *secret\n", "line 1, column 4: an alias (*) of something that was not named (&) before"),
        ("a: !secret x\n", "line 1, column 4: a tag (!) that is not known"),
        ("a: @secret\n", "line 1, column 4: a text that begins with this sign must stand in quotes"),
        ("a: &x {secret: *x}\n", "an alias (*) stands inside what it names (&)"),
        ("secret: 2026-13-40\n", "a date or number that there is not; put it in quotes"),
        ("- secret\n", "must be a block of keys"),
    ],
)
def test_what_is_not_yaml_is_one_sentence_that_quotes_nothing(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    for read in (lambda: read_yaml(tmp_path / "params.yaml", "params.yaml"), lambda: load_settings(tmp_path, "heart")):
        with pytest.raises(SettingsError) as caught:
            read()
        (said,) = caught.value.sentences
        assert said.startswith("params.yaml")
        assert sentence in said
        assert "secret" not in said


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes("a: 1\nb: Körper\n".encode("latin-1"))
    with pytest.raises(SettingsError, match=r"params.yaml, line 2: a sign that is not UTF-8; save the file as UTF-8"):
        read_yaml(tmp_path / "params.yaml", "params.yaml")


def test_keys_that_stand_twice_or_are_no_text_are_faults_of_their_block_alone(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("studies:\n  a:\n    x: 1\n    x: 2\n  b: {No: 1}\n  c: {y: {y: 1}}\n")
    file = read_yaml(tmp_path / "params.yaml", "params.yaml")
    assert file.faults_in("studies", "a") == [
        "params.yaml, line 4: studies.a.x: stands twice, first in line 3: keep one"
    ]
    assert file.faults_in("studies", "b") == [
        "params.yaml, line 5: studies.b.No: YAML does not read this key as text: put it in quotes"
    ]
    assert file.faults_in("studies", "c") == []
    assert len(file.faults_in()) == 2


def test_a_block_merged_into_another_is_no_double_key(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_text("a: &plain {x: 1, y: 2}\nb: {<<: *plain, x: 3}\n")
    file = read_yaml(tmp_path / "f.yaml", "f.yaml")
    assert file.faults == ()
    assert file.content["b"] == {"x": 3, "y": 2}


def test_a_block_of_the_file_that_nothing_reads_is_named(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("acess: {group: ward}\nx-mine: 1\nstudies: {a: {}}\n")
    with pytest.raises(SettingsError, match=r"'acess' is none of .*; the nearest is 'access'"):
        read_studies(tmp_path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("studies:\n  a: {}\n  b: {x: 1, x: 2}\n", "line 3: studies.b.x: stands twice, first in line 3: keep one"),
        ("studies:\n  a@b: {}\n", "params.yaml: studies.a@b: a study's name has small letters"),
    ],
)  # fmt: skip
def test_what_stops_dvc_for_every_study_is_said_before_dvc_runs(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "params.yaml").write_text(text)
    with pytest.raises(SettingsError, match=re.escape(sentence)):
        require_dvc_can_read(tmp_path)


def test_dvc_reads_what_is_wrong_for_one_study_alone(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("studies:\n  a: {}\n  My-Study:\n  class: 3\n  c: {No: 1}\n")
    require_dvc_can_read(tmp_path)


def test_a_study_at_fault_does_not_keep_the_others_from_their_schedules(tmp_path: Path) -> None:
    """A fault beside the schedule leaves the study served: its run says so. A wrong time cannot be served."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["studies"]["whas500"]["training"]["epochs"] = 0
    params["studies"]["nmes1988"]["schedule"]["timezone"] = "Moon"
    params["studies"]["empty"] = None
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    shutil.copytree(ROOT / "presets", tmp_path / "presets")
    schedules, faults = read_schedules(tmp_path)
    assert set(schedules) == set(params["studies"]) - {"nmes1988", "empty"}
    named = ("studies.whas500.training.epochs", "studies.nmes1988.schedule.timezone", "studies.empty")
    assert all(any(f"params.yaml: {name}: " in fault for fault in faults) for name in named)
    (tmp_path / "params.yaml").write_text("studies: {empty: null}\n")
    with pytest.raises(SettingsError, match=r"studies\.empty"):
        read_schedules(tmp_path)
