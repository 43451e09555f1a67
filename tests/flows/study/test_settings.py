"""params.yaml is read strictly, and the files that repeat it agree with it."""

from __future__ import annotations

import copy
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.schedule.pool import pool_deployments
from flows.study.load import load_settings
from tests.support import ROOT, STUDIES


@pytest.fixture
def params(root: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "params.yaml").read_text())
    return content


def load_changed(folder: Path, params: dict[str, Any]) -> Any:
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    shutil.copytree(ROOT / "presets", folder / "presets", dirs_exist_ok=True)
    return load_settings(folder, "heart")


@pytest.mark.parametrize("study", STUDIES)
def test_every_study_loads(root: Path, study: str) -> None:
    assert load_settings(root, study).task_records


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("trainig",), {}, "studies.heart.trainig"),
        (("training", "epochs"), 0, "studies.heart.training.epochs"),
        (("training", "learning_rat"), 1, "studies.heart.training.learning_rat"),
        (
            ("training", "balancing"),
            {"name": "fixed", "weights": {"tahl": 2}},
            "training.balancing.weights: 'tahl' is",
        ),
        (("validation", "max_reject_share"), 2, "max_reject_share"),
        (("split", "kind"), "random", "studies.heart.split.kind"),
        (
            ("model", "heads"),
            {"tasks": {"tahl": [8]}},
            "studies.heart.model.heads.tasks: 'tahl' is none",
        ),
        (
            ("model", "trunk"),
            {"name": "grouped", "groups": [["tahl"]]},
            "heart.model.trunk.groups: 'tahl' is none of thal, disease",
        ),
        (("model", "trunk"), {"name": "grouped", "groups": [["thal"], ["thal"]]}, "groups: thal is named twice"),
        (("model", "trunk"), {"name": "grouped", "groups": ["thal"]}, "must be a list of lists"),
        (
            ("tasks",),
            [{"name": "thal", "kind": "binari"}],
            "studies.heart.tasks.thal.kind: 'binari' is",
        ),
        (("tasks",), [], "tasks"),
        (
            ("auxiliary",),
            [{"name": "sugar", "kind": "regression", "columns": ["cleveland.fbs"]}],
            "auxiliary.sugar.columns: cleveland.fbs is shown to every task",
        ),
        (
            ("auxiliary",),
            [{"name": "thal", "kind": "regression", "columns": ["cleveland.ca"]}],
            "auxiliary.thal.name: 'thal' is the name of two tasks",
        ),
        (
            ("auxiliary",),
            [{"name": "vessels", "kind": "regression", "columns": ["cleveland.ca"], "role": "main"}],
            "auxiliary.vessels.role: must be auxiliary",
        ),
    ],
)
def test_an_error_names_the_key(
    tmp_path: Path, params: dict[str, Any], path: tuple[str, ...], value: Any, message: str
) -> None:
    block = copy.deepcopy(params)["studies"]["heart"]
    place = block
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ValueError, match=re.escape(message)):
        load_changed(tmp_path, {"studies": {"heart": block}})


def test_an_unknown_study_is_named_with_those_that_exist(root: Path) -> None:
    with pytest.raises(ValueError, match=r"no study 'hart'.*; the nearest is 'heart'"):
        load_settings(root, "hart")


def test_the_params_hash_ignores_layout_and_follows_content(tmp_path: Path, params: dict[str, Any]) -> None:
    first = load_changed(tmp_path, params).params_hash
    shuffled = dict(reversed(params["studies"]["heart"].items()))
    assert load_changed(tmp_path, {"studies": {"heart": shuffled}}).params_hash == first
    shuffled["training"] = {**shuffled["training"], "epochs": 7}
    assert load_changed(tmp_path, {"studies": {"heart": shuffled}}).params_hash != first


def test_the_work_pool_has_the_schedules_of_the_params(root: Path) -> None:
    deployments = pool_deployments(root, "ours")["deployments"]
    found = {each["name"]: each["schedules"] for each in deployments}
    expected = {}
    for study in STUDIES:
        schedule = load_settings(root, study).schedule
        for flow in ("retrain", "score", "upkeep"):
            expected[f"{flow}-{study}"] = [{"cron": getattr(schedule, flow), "timezone": schedule.timezone}]
    assert found == expected
    assert {each["work_pool"]["name"] for each in deployments} == {"ours"}
    for each in deployments:
        file, function = each["entrypoint"].split(":")
        assert f"def {function}(" in (root / file).read_text()


def test_every_stage_says_what_it_does(root: Path) -> None:
    stages = yaml.safe_load((root / "dvc.yaml").read_text())["stages"]
    assert list(stages) == ["settings", "intake", "validate", "features", "train", "baselines", "evaluate", "export"]
    assert all(len(stage["do"]["desc"]) > 20 for stage in stages.values())
    outputs = [out for stage in stages.values() for out in stage["do"].get("outs", [])]
    assert not [out for out in outputs if out.startswith("data/tables")]  # Delta tables are never DVC's


def test_constraints_pin_everything_and_name_no_host(root: Path) -> None:
    lines = (root / "constraints.txt").read_text().splitlines()
    assert len(lines) > 150
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line)] == []
    pins = dict(line.lower().split("==") for line in lines)
    # fastapi 0.151 and later break prefect 3.8; a local version such as +cpu could not be installed elsewhere
    assert tuple(int(part) for part in pins["fastapi"].split(".")[:2]) < (0, 151)
    assert pins["torch"] == "2.13.0"
