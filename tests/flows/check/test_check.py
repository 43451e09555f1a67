"""`mtl-health check`: silent on sound studies, every fault of a spoilt one at once, and nothing of a person's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from flows.check.report import CheckError
from flows.check.study import check_study
from flows.cli.check import say_warnings
from flows.cli.options import console
from flows.features import heart
from flows.features.build import OwnDomain, Tables
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from tests.support import ROOT, STUDIES

KEY = heart.KEY
Block = dict[str, Any]
Change = Callable[[Block], None]


@pytest.fixture
def study(root: Path, tmp_path: Path) -> Callable[..., Path]:
    """A project that holds the heart study alone, its block of params.yaml changed."""

    def make(change: Change | None = None) -> Path:
        block = yaml.safe_load((root / "params.yaml").read_text())["studies"]["heart"]
        if change:
            change(block)
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({"studies": {"heart": block}}, sort_keys=False))
        shutil.copy(root / "dvc.yaml", tmp_path)
        shutil.copytree(root / "presets", tmp_path / "presets")
        shutil.copytree(root / "data" / "raw" / "heart", tmp_path / "data" / "raw" / "heart")
        return tmp_path

    return make


def tells_the_outcome(tables: Tables) -> pl.DataFrame:
    """A copy of the outcome, turned round and blurred a little."""
    blur = pl.col("id").cast(pl.Int64) % 7 / 10
    return tables["cleveland"].select(KEY, "age", sum=3 - pl.col("target").cast(pl.Float64) + blur)


def reads_thal(tables: Tables) -> pl.DataFrame:
    return tables["cleveland"].select(KEY, pl.col("thal").to_physical())


def with_domain(monkeypatch: pytest.MonkeyPatch, function: Callable[[Tables], pl.DataFrame]) -> None:
    monkeypatch.setattr(heart, "STUDY", replace(heart.STUDY, domains={**heart.STUDY.domains, "new": function}))


def with_targets(monkeypatch: pytest.MonkeyPatch, **columns: pl.Expr) -> None:
    def targets(tables: Tables) -> pl.DataFrame:
        return heart.targets(tables).with_columns(**columns)

    monkeypatch.setattr(heart, "STUDY", replace(heart.STUDY, targets=targets))


@pytest.mark.parametrize("name", STUDIES)
def test_the_studies_have_no_fault(root: Path, name: str) -> None:
    report = check_study(Study(root, name))
    assert report.faults == []
    assert report.n_people > 0
    assert {each.part for each in report.labels} == {"train", "valid", "test"}
    report.require()


def test_few_people_of_a_class_are_a_warning_without_their_number(study: Callable[..., Path]) -> None:
    report = check_study(Study(study(), "heart"))
    assert report.warnings == [
        "task thal: the valid part has fewer than 10 people of a class, in 26 of 26 resamples",
        "task thal: the test part has fewer than 10 people of a class, in 25 of 25 resamples",
    ]


def test_every_fault_comes_at_once(study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def change(block: Block) -> None:
        block["tasks"][0]["leaks"] = ["cleveland.targt", "cleveland.ca"]
        block["baselines"]["models"] = ["single_task", "ligthgbm"]

    with_domain(monkeypatch, reads_thal)
    with_targets(monkeypatch, disease=pl.lit(1))
    root = study(change)
    split = root / "data" / "raw" / "heart" / "splits" / "folds.csv"
    split.write_text(split.read_text().replace("\n1,0,", "\n1,Mary Smith,", 1))
    report = check_study(Study(root, "heart"))
    found = "\n".join(report.faults)
    for word in (
        "cleveland.targt",
        "ligthgbm",
        "domain new of heart",
        "cleveland.thal, which is hidden: it is the target column of task thal and a leak of task disease",
        "repeat0: line 2 does not hold a whole number",
    ):
        assert word in found
    assert "Mary" not in found
    with pytest.raises(CheckError) as error:
        report.require()
    assert str(error.value).splitlines() == report.faults


def test_a_task_at_fault_does_not_hide_what_is_wrong_with_the_data(study: Callable[..., Path]) -> None:
    def change(block: Block) -> None:
        block["tasks"][0]["columns"] = "cleveland.thal"
        block["split"]["person"] = "ID"

    root = study(change)
    found = "\n".join(check_study(Study(root, "heart")).faults)
    assert "tasks.thal.columns: must be a list of texts" in found
    assert "the header has no column ID" in found


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"disease": pl.lit(1)}, "task disease: the train part has the same label for everybody"),
        ({"disease": pl.lit(None, pl.Int8)}, "task disease: the train part has nobody with a label"),
        (
            {"disease": pl.when(pl.int_range(pl.len()) % 20 == 0).then(1).otherwise(0)},
            "task disease: the train part has fewer than 10 people of a class",
        ),
        ({"disease": pl.lit(3)}, "task disease: its target disease has 303 of 303 values other than 0 and 1"),
        ({"vessels": pl.lit(2.0)}, "task vessels: the train part has the same label for everybody"),
    ],
)
def test_labels_that_cannot_be_learned(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, columns: dict[str, pl.Expr], said: str
) -> None:
    """A fault, unless a handful of people stand behind it, or no one learns the task as a matter of course."""
    with_targets(monkeypatch, **columns)
    report = check_study(Study(study(), "heart"))
    warns = "fewer than 10" in said or "vessels" in said
    assert any(said in sentence for sentence in (report.warnings if warns else report.faults))
    assert bool(report.faults) != warns


def test_a_feature_that_tells_the_outcome_is_named_with_its_task_and_its_limit(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The outcome's column is named nowhere, so that features may read it."""

    def change(block: Block) -> None:
        block["tasks"][0]["leaks"] = ["cleveland.ca"]
        block["tasks"][1]["columns"] = ["cleveland.thal"]

    with_domain(monkeypatch, tells_the_outcome)
    root = study(change)
    (fault,) = check_study(Study(root, "heart")).faults
    assert fault.startswith(
        "feature new__sum alone reaches AUROC 1.000 for task disease in training people, above 0.95"
    )
    assert "evaluation.too_good.disease.auroc" in fault
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["studies"]["heart"]["evaluation"]["too_good"] = {"disease": {"auroc": 1.0}}
    (root / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    assert check_study(Study(root, "heart")).faults == []


@pytest.mark.parametrize(("view", "tasks"), [("core", []), ("own", ["disease"])])
def test_a_leak_is_looked_for_where_the_model_may_see_it(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, view: str, tasks: list[str]
) -> None:
    """A domain that is hidden from one task gives the other away, in the view that shows it."""

    def change(block: Block) -> None:
        block["auxiliary"] = []
        block["tasks"][0]["leaks"], block["tasks"][1]["leaks"] = [], []
        block["model"] = {**yaml.safe_load((ROOT / "presets" / "shared_32_64.yaml").read_text())["model"], "view": view}

    own = OwnDomain(hidden_from=("thal",), function=reads_thal)
    told = pl.col("thal").to_physical().eq(2).cast(pl.Int8)
    monkeypatch.setattr(
        heart,
        "STUDY",
        replace(
            heart.STUDY,
            own={"scan": own},
            targets=lambda tables: (
                heart.targets(tables)
                .join(tables["cleveland"].select(KEY, told=told), on=PERSON)
                .with_columns(disease="told")
            ),
        ),
    )
    faults = check_study(Study(study(change), "heart")).faults
    assert len(faults) == len(tasks)
    assert all(f"feature scan__thal alone reaches AUROC 1.000 for task {task}" in "".join(faults) for task in tasks)


def test_features_without_bounds_are_counted(study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def ratios(tables: Tables) -> pl.DataFrame:
        age = pl.col("age").cast(pl.Float64)
        return tables["cleveland"].select(KEY, ratio=1 / (age - youngest), large=age * 1e300, none=0 * age)

    root = study()
    age = pl.read_csv(root / "data" / "raw" / "heart" / "cleveland.csv")["age"]
    youngest = age.min()
    with_domain(monkeypatch, ratios)
    counts = {"ratio": int((age == youngest).sum()), "large": age.len()}
    assert check_study(Study(root, "heart")).faults == [
        f"feature new__{name} is infinite, or too large for 32 bits, for {n} people: is something divided by zero?"
        for name, n in counts.items()
    ]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda raw: (raw / "cleveland.csv").unlink(), "the table cleveland is missing"),
        (lambda raw: (raw / "splits" / "folds.csv").unlink(), "splits/folds.csv is not there"),
        (lambda raw: shutil.rmtree(raw), "does not exist"),
    ],
)
def test_what_is_not_there_is_said(study: Callable[..., Path], spoil: Callable[[Path], None], said: str) -> None:
    root = study()
    spoil(root / "data" / "raw" / "heart")
    (fault,) = check_study(Study(root, "heart")).faults
    assert said in fault


def test_cells_beyond_a_limit_are_a_fault_of_the_raw_tables(study: Callable[..., Path]) -> None:
    root = study()
    table = root / "data" / "raw" / "heart" / "cleveland.csv"
    frame = pl.read_csv(table, infer_schema=False)
    frame.with_columns(chol=pl.lit("unknown")).write_csv(table)
    report = check_study(Study(root, "heart"))
    assert any("cleveland.chol" in fault for fault in report.faults)
    with console.capture() as kept:
        say_warnings(report)
    assert re.search(r"cleveland +│ chol +│ not_a_number +│ value nulled +│ +303 ", kept.get())


def test_rejects_beyond_their_limit_are_shown_by_column_and_reason(study: Callable[..., Path]) -> None:
    root = study()
    table = root / "data" / "raw" / "heart" / "cleveland.csv"
    frame = pl.read_csv(table, infer_schema=False)
    frame.with_columns(age=pl.when(pl.int_range(pl.len()) >= 30).then("age")).write_csv(table)
    report = check_study(Study(root, "heart"))
    (fault,) = [each for each in report.faults if "rows are rejected" in each]
    assert "`mtl-health validate --study heart data/raw/heart --rejects FILE` writes the rejected rows" in fault
    with console.capture() as kept:
        say_warnings(report)
    assert re.search(r"cleveland +│ age +│ missing +│ row rejected +│ +30 ", kept.get())


@pytest.mark.parametrize(
    "command", [("check", "heart"), ("check", "--study", "heart"), ("retrain", "--study", "heart")]
)
def test_the_commands_say_it_and_stop(study: Callable[..., Path], command: tuple[str, ...]) -> None:
    """`retrain` starts neither server nor DVC."""

    def change(block: Block) -> None:
        block["tasks"][0]["leaks"] = ["cleveland.targt"]
        block["split"]["file"] = "splits/fold.csv"

    root = study(change)
    environment = {**os.environ, "MTL_HEALTH_ROOT": str(root), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "flows.cli", *command],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "Traceback" not in said
    assert "cleveland.targt" in said
    assert "splits/fold.csv is not there" in said
    assert not any((root / name).exists() for name in ("data/valid", ".prefect/prefect.db", "dvc.lock"))


def test_the_features_stage_refuses_what_cannot_be_learned(
    study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.features.guard import FeatureError
    from flows.stages import features, validate

    root = study()
    stage = Study(root, "heart")
    validate.run(stage)
    with_targets(monkeypatch, disease=pl.lit(0))
    with pytest.raises(FeatureError, match="task disease: the train part has the same label for everybody"):
        features.run(stage)
    assert not (root / "data" / "features").exists()


def test_persons_that_the_split_lacks_are_counted(study: Callable[..., Path]) -> None:
    root = study()
    split = root / "data" / "raw" / "heart" / "splits" / "folds.csv"
    pl.read_csv(split, infer_schema=False).filter(pl.col("id").cast(pl.Int64) > 3).write_csv(split)
    (fault,) = check_study(Study(root, "heart")).faults
    assert "3 of 303 people of the cohort have no split" in fault
    assert PERSON not in fault
