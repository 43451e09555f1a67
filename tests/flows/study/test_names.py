"""Every name of a study's block resolves before anything runs, or one sentence names it and the nearest right one."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.features import heart as heart_features
from flows.features.build import OwnDomain
from flows.project.settings import read_studies
from flows.study.load import load_settings
from flows.study.names import name_faults
from flows.study.naming.columns import columns_of, pattern_fault
from flows.study.naming.when import cron_fault
from mtl_models.wording import SettingsError
from schemas.contract import load_contract
from tests.support import ROOT, STUDIES

QUOTES = "YAML reads No, Yes, On and Off as that, put the word in quotes"
EXPONENT = "leave out quotes, and write 1.0e-3 for 1e-3"

# a place in the block of the heart study, what is put there, and the one sentence
CASES: list[tuple[str, Any, str]] = [
    # columns
    ("tasks.0.leaks", ["cleveland.Ca"], "'cleveland.Ca' is no column of the contract; the nearest is 'cleveland.ca'"),
    ("tasks.0.leaks", ["clevland.ca"], "'clevland.ca' is in no table of the contract; the nearest is 'cleveland.ca'"),
    ("tasks.0.leaks", ["ca"], "'ca' lacks its table: write TABLE.COLUMN; the nearest is 'cleveland.ca'"),
    ("tasks.0.leaks", ["cleveland"], "'cleveland' is a table: write TABLE.COLUMN; the nearest is 'cleveland.*'"),
    ("tasks.0.leaks", ["cleveland.ca "], "'cleveland.ca ' has a blank beside it; the nearest is 'cleveland.ca'"),
    ("tasks.0.leaks", ["cleveland.id"], "'cleveland.id' is the person key, which is never a feature: leave it out"),
    ("tasks.0.leaks", ["cleveland.x*"], "'cleveland.x*' matches no column … the nearest is 'cleveland.sex'"),
    ("tasks.0.leaks", "cleveland.ca", "must be a list of texts, not text: put it in square brackets"),
    ("tasks.0.columns", "cleveland.thal", "must be a list of texts, not text: put it in square brackets"),
    ("tasks.0.columns", [], "must name what the outcome is made of: it is hidden from the features"),
    ("auxiliary.0.columns", ["cleveland.fbs"], "cleveland.fbs is shown to every task: a leak or known later?"),
    ("known_later", ["cleveland.chil"], "'cleveland.chil' is no … the nearest is 'cleveland.chol'"),
    ("known_later", "cleveland.ca", "must be a list, not text: put it in square brackets"),
    ("known_later", ["*.*"], "with the tasks' columns and leaks it hides every column: no feature is left"),
    ("near", {"tahl": {"cleveland.age": "Known."}}, "'tahl' is none of … the nearest is 'thal'"),
    ("near", {"thal": {"cleveland.chil": "Known."}}, "'cleveland.chil' is no … the nearest is 'cleveland.chol'"),
    ("near", {"thal": {"cleveland.ca": "Known."}}, "cleveland.ca is hidden from the task: leave it out"),
    ("near", {"thal": {"cleveland.age": " "}}, "cleveland.age needs a sentence: why is it shown?"),
    ("validation.exempt", ["cleveland.chil"], "'cleveland.chil' is no … the nearest is 'cleveland.chol'"),
    ("validation.floods", "sya", "must be 'stop' or 'say'"),
    # tasks
    ("tasks.0.threshold", "0.5", f"must be a number, not text: {EXPONENT}"),
    ("tasks.0.weight", float("inf"), "must be above 0 and finite"),
    ("tasks.0.classes", [False, "Mild"], f"item 1 must be text, not true or false: {QUOTES}"),
    ("tasks.0.classes", [3, 6, 7], "item 1 must be text, not a number: put it in quotes"),
    ("tasks.0.classes", ["Mild", "mild"], "two are the same but for case and signs"),
    ("tasks.0.clases", ["a"], "'clases' is none of … the nearest is 'classes'"),
    ("tasks.0.kind", "multiklass", "'multiklass' is none of … the nearest is 'multiclass'"),
    ("tasks.0.role", "mian", "'mian' is none of … the nearest is 'main'"),
    ("tasks", None, "must be a list, but nothing stands there"),
    ("auxiliary.0.name", "thal", "'thal' is the name of two tasks: give each its own"),
    # tasks named elsewhere
    ("model.heads", {"tasks": {"tahl": [8]}}, "'tahl' is none of … the nearest is 'thal'"),
    ("model.trunk", {"name": "grouped", "groups": [["tahl"]]}, "'tahl' is none of … the nearest is 'thal'"),
    ("training.balancing", {"name": "fixed", "weights": {"tahl": 2}}, "'tahl' is none of … the nearest is 'thal'"),
    ("evaluation.too_good", {"tahl": {"auroc": 0.9}}, "'tahl' is none of … the nearest is 'thal'"),
    ("evaluation.too_good", {"disease": {"aurok": 0.9}}, "'aurok' is none of … the nearest is 'auroc'"),
    ("compare.candidates.shared", {"tasks": ["disese"]}, "'disese' is none of … the nearest is 'disease'"),
    ("compare.candidates.shared", {"auxiliary": ["vesels"]}, "'vesels' is none of … the nearest is 'vessels'"),
    # parts of the code
    ("model.preset", "shared_32_46", "'shared_32_46' is none of"),
    ("model.encoder", {"name": "plian"}, "'plian' is none of plain, domains"),
    ("model.encoder", {"name": "plain", "d_embeding": 3}, "'d_embeding' is none of … the nearest is 'd_embedding'"),
    ("model.domains", ["symptom"], "'symptom' is none of … the nearest is 'symptoms'"),
    ("model.trunk", {"name": "grouped", "trunk": {"name": "shard"}}, "'shard' is none of … the nearest is 'shared'"),
    ("training.balancing", "uncertanty", "'uncertanty' is none of … the nearest is 'uncertainty'"),
    ("training.distillation", {"boosters": ["lightgmb"]}, "'lightgmb' is none of … the nearest is 'lightgbm'"),
    ("training.distillation", {"booster_settings": {"catboost": {"dept": [3]}}}, "… the nearest is 'depth'"),
    ("training.distillation", {"model": {"trunk": {"name": "shraed"}}}, "'shraed' is none of"),
    ("baselines.models", ["single_task", "ligthgbm"], "'ligthgbm' is none of … the nearest is 'lightgbm'"),
    ("baselines.models", ["linear", "linear"], "linear is named twice: once is enough"),
    ("compare.candidates.shared", {"method": {"name": "group_sparce"}}, "… the nearest is 'group_sparse'"),
    ("compare.candidates.shared", {"method": {"name": "clustered", "n_cluster": 1}}, "'n_cluster' is none of"),
    ("compare.candidates.shared", {"model": {"trunk": {"name": "soft", "width": [3]}}}, "'width' is none of widths"),
    ("compare.candidates.shared", {"training": {"epoch": 3}}, "'epoch' is none of"),
    ("compare.candidates.lightgbm", {}, "this name belongs to what candidates are compared with: choose another"),
    ("compare.candidates.Shared", {}, "its file would have the name of"),
    ("compare.candidates.shared", None, "must be a block of keys, but nothing stands there"),
    # times and machines
    ("training.device", "cude", "'cude' is no device: write cpu, cuda, … the nearest is 'cuda'"),
    ("training.device", "gpu", "'gpu' is no device: write cpu, cuda, … the nearest is 'cuda'"),
    ("schedule.timezone", "Europe/Berln", "'Europe/Berln' is no time zone: … the nearest is 'Europe/Berlin'"),
    ("schedule.score", "0 4 * *", "must be five fields (minute hour day month weekday), found 4"),
    ("split.kind", "fold", "must be 'fixed' or 'folds'"),
    # other kinds of value
    ("training", None, "must be a block of keys, but nothing stands there"),
    ("training.learning_rate", "1e-3", f"must be a number, not text: {EXPONENT}"),
    ("training.learning_rate", float("nan"), "must be a finite number"),
    ("training.epochs", True, "must be a whole number, not true or false"),
    ("training.epochs", 0, "must be 1 or more"),
    ("training.seeds", [0, 0], "0 is named twice: once is enough"),
    ("title", 5, "must be text, not a number: put it in quotes"),
    ("gate.seeds", 1, "'seeds' is none of replicates, seed"),
]  # fmt: skip


@pytest.fixture(scope="module")
def heart() -> dict[str, Any]:
    block: dict[str, Any] = read_studies(ROOT)["heart"]
    return block


def put(block: dict[str, Any], place: str, value: Any) -> None:
    *way, last = place.split(".")
    inner: Any = block
    for key in way:
        inner = inner[int(key)] if isinstance(inner, list) else inner.setdefault(key, {})
    inner[last] = value


def write(folder: Path, studies: dict[str, Any]) -> Path:
    (folder / "params.yaml").write_text(yaml.safe_dump({"studies": studies}))
    shutil.copytree(ROOT / "presets", folder / "presets", dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize("study", STUDIES)
def test_the_studies_hold(study: str) -> None:
    assert name_faults(ROOT, study) == []


@pytest.mark.parametrize(("place", "value", "sentence"), CASES, ids=[f"{place} {value}" for place, value, _ in CASES])
def test_a_wrong_name_or_type_is_one_sentence(
    tmp_path: Path, heart: dict[str, Any], place: str, value: Any, sentence: str
) -> None:
    block = copy.deepcopy(heart)
    put(block, place, value)
    (fault,) = name_faults(write(tmp_path, {"heart": block}), "heart")
    top = place.split(".")[0]
    assert fault.startswith(f"params.yaml: studies.heart.{top}")
    first, _, rest = sentence.partition("…")
    assert f": {first}" in fault
    assert fault.endswith(rest)


def test_all_faults_are_said_at_once_and_once_each(tmp_path: Path, heart: dict[str, Any]) -> None:
    block = copy.deepcopy(heart)
    wrong = [
        ("titel", "x"), ("training.epochs", 0), ("training.balancing", "equl"), ("tasks.1.leaks", ["cleveland.thall"]),
        ("baselines.models", ["lightgmb"]), ("schedule.timezone", "UCT+1"), ("split", {"kind": "fold"}),
    ]  # fmt: skip
    for place, value in wrong:
        put(block, place, value)
    faults = name_faults(write(tmp_path, {"heart": block}), "heart")
    keys = ["titel", "training.epochs", "training.balancing.name", "tasks.disease.leaks", "baselines.models"]
    keys += ["schedule.timezone", "split.kind", "split.file", "split.person"]
    assert sorted(fault.split(": ")[1] for fault in faults) == sorted(f"studies.heart.{key}" for key in keys)
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, "heart", depth="parts")
    assert list(caught.value.sentences) == faults
    assert str(caught.value) == "\n".join(faults)


def test_a_fault_hides_no_other_and_makes_none(tmp_path: Path, heart: dict[str, Any]) -> None:
    """What is at fault is taken out before the rest is looked at; nothing is missed or blamed for that."""
    block = copy.deepcopy(heart)
    block["tasks"].append("death")  # no task: so nobody knows whether another place names it
    block["tasks"][0]["leaks"] = "cleveland.target"  # unsound: its columns and leaks are not known to hide `vessels`
    block["tasks"][1]["leaks"] = []
    block["model"] = {"domains": ["symptom"], "trunk": 3}
    block["training"] |= {"seeds": "0", "distillation": {"boosters": ["xgbost"]}}
    block["evaluation"]["too_good"] = {"death": {"auroc": 0.9}}
    faults = [
        fault.split("heart.", 1)[1].split(": ")[0] for fault in name_faults(write(tmp_path, {"heart": block}), "heart")
    ]
    wanted = ["tasks.2", "tasks.thal.leaks", "model.domains", "model.trunk", "training.seeds"]
    assert sorted(faults) == sorted([*wanted, "training.distillation.boosters"])
    block["tasks"].pop()
    faults = name_faults(write(tmp_path, {"heart": block}), "heart")
    assert any(
        fault.startswith("params.yaml: studies.heart.evaluation.too_good: 'death' is none of") for fault in faults
    )


def test_a_wrong_study_does_not_stop_another(tmp_path: Path, heart: dict[str, Any]) -> None:
    write(tmp_path, {"heart": heart, "nhanes": {"tasks": 3}, "whas500": None, "my study": {}})
    assert name_faults(tmp_path, "heart") == []
    assert name_faults(tmp_path, "whas500") == ["params.yaml: studies.whas500: must be a block of keys"]
    assert "params.yaml: studies.nhanes.tasks: must be a list, not a number: put it in square brackets" in name_faults(
        tmp_path, "nhanes"
    )


@pytest.mark.parametrize("name", ["My-Study", "class", "1heart", "my.study", "my study", "Heart", "_heart"])
def test_a_study_has_a_name_that_modules_folders_and_dvc_can_have(
    tmp_path: Path, heart: dict[str, Any], name: str
) -> None:
    (fault,) = name_faults(write(tmp_path, {name: heart}), name)
    assert fault.startswith(f"params.yaml: studies.{name}: a study's name has small letters, digits and underscores")


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("BPX.BPXSY?", None),
        ("DPQ.DPQ0[1-3]0", None),
        ("*.BPXSY1", None),
        ("DXX.*", None),
        ("BPX.bpxsy1", "'BPX.bpxsy1' is no column of the contract; the nearest is 'BPX.BPXSY1'"),
        ("BPXX.BPXSY1", "'BPXX.BPXSY1' is in no table of the contract; the nearest is 'BPX.BPXSY1'"),
        ("DX.*", "'DX.*' is in no table of the contract; the nearest is 'DXX.*'"),
        ("SEQN", "'SEQN' lacks its table: write TABLE.COLUMN"),
        ("*.SEQN", "'*.SEQN' matches no column of the contract"),
    ],
)
def test_a_pattern_covers_a_column_or_is_a_fault(pattern: str, fault: str | None) -> None:
    contract = load_contract("nhanes")
    found = pattern_fault(pattern, columns_of(contract), contract.person_key)
    assert found == fault if fault is None else found is not None and found.startswith(fault)


@pytest.mark.parametrize("line", ["0 1 * * *", "*/15 0-6 1,15 jan-mar mon", "0 4 * * 7", "30 4 * * 1-5/2"])
def test_a_cron_line_that_prefect_takes_is_taken(line: str) -> None:
    assert cron_fault(line) is None


@pytest.mark.parametrize(
    "line", ["", "0 25 * * *", "60 4 * * *", "* * 0 * *", "a * * * *", "*/0 * * * *", "5-1 * * * *"]
)
def test_a_cron_line_that_never_comes_is_refused(line: str) -> None:
    assert cron_fault(line)


def test_a_study_without_code_is_no_fault_of_a_key(tmp_path: Path, heart: dict[str, Any]) -> None:
    faults = name_faults(write(tmp_path, {"hearts": heart}), "hearts")
    assert faults == ["unknown study 'hearts': add schemas/hearts/ with a CONTRACT, or name one that has it"]


def test_an_own_domain_is_hidden_from_tasks_that_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    def own(*names: str) -> OwnDomain:
        return OwnDomain(hidden_from=names, function=heart_features.examination)

    def faults(**domains: OwnDomain) -> list[str]:
        monkeypatch.setattr(heart_features, "STUDY", replace(heart_features.STUDY, own=domains))
        return name_faults(ROOT, "heart")

    where = "flows/features/heart/__init__.py: STUDY"
    names = "'diseas' is none of thal, disease, vessels; the nearest is 'disease'"
    assert faults(scan=own("thal", "vessels")) == []  # an auxiliary task is one too
    assert faults(scan=own("thal", "diseas")) == [f"{where}.own['scan'].hidden_from: {names}"]
    text = replace(own(), hidden_from="thal")  # type: ignore[arg-type]
    assert faults(scan=text) == [
        f"{where}.own['scan'].hidden_from: must be a tuple of names, not text: write ('thal',)"
    ]
    (twice,) = faults(laboratory=own("thal"))
    assert twice.startswith(f"{where}.own['laboratory']: a domain of that name")
    (signs,) = faults(lab__own=own("thal"))
    assert signs.startswith(f"{where}: the domain 'lab__own' has two underscores")
