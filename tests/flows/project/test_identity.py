"""Keys of results: hashes of the tables, the settings and the code that decide them, no more and no less."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows.experiments.compare.fits import candidate_key, reference_key
from flows.project.hashing import digest
from flows.project.identity import SETTLED, code_digest, decisive
from flows.project.imports import ROOT, sources
from flows.project.paths import read_json
from flows.project.settings import StudySettings
from flows.stages import settings
from flows.stages.settings import STAGES
from flows.study.candidates import method_of, settings_of
from flows.study.load import load_settings
from flows.study.study import Study


@pytest.fixture(scope="module")
def copy(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages in a folder of another name; a test puts back what it edits there."""
    target = tmp_path_factory.mktemp("a folder of another name")
    for package in ("flows", "schemas", "mtl_models"):
        shutil.copytree(root / package, target / package, ignore=shutil.ignore_patterns("__pycache__"))
    return target


@contextmanager
def edited_file(path: Path) -> Iterator[None]:
    text = path.read_text()
    edit(path)
    yield
    path.write_text(text)


def edit(path: Path) -> None:
    path.write_text(path.read_text() + "\n")


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("flows/features/heart/__init__.py", True),
        ("schemas/heart/__init__.py", True),
        ("schemas/splitting/checking.py", True),
        ("flows/features/cohort.py", True),
        ("mtl_models/serving/scorer.py", True),
        ("flows/features/nhanes/__init__.py", False),
        ("schemas/nhanes/diet.py", False),
        ("mtl_models/training/run.py", False),
        ("flows/report/page.html", False),
    ],
)
def test_the_code_of_a_score_is_what_scoring_uses(root: Path, copy: Path, edited: str, changes: bool) -> None:
    before = code_digest("flows.nightly.steps", study="heart", root=copy)
    assert before == code_digest("flows.nightly.steps", study="heart", root=root)  # the folder does not matter
    with edited_file(copy / edited):
        assert (code_digest("flows.nightly.steps", study="heart", root=copy) != before) is changes


@pytest.mark.parametrize(
    ("edited", "network", "joint"),
    [
        ("flows/fitting/jobs.py", True, True),
        ("flows/fitting/networks.py", True, False),
        ("mtl_models/training/losses.py", True, False),
        ("mtl_models/joint/clustered.py", False, True),
        ("flows/experiments/compare/leaderboard.py", False, False),
    ],
)
def test_the_code_of_a_compared_run_is_what_fits_it(copy: Path, edited: str, network: bool, joint: bool) -> None:
    modules = ("flows.fitting.networks", "flows.fitting.joint")
    before = [code_digest(module, root=copy) for module in modules]
    with edited_file(copy / edited):
        after = [code_digest(module, root=copy) for module in modules]
    assert [old != new for old, new in zip(before, after, strict=True)] == [network, joint]


@pytest.fixture
def features(tmp_path: Path) -> Path:
    for name in ("features.parquet", "features.json", "targets.parquet", "splits.parquet"):
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.mark.parametrize("table", ["features.parquet", "features.json", "targets.parquet", "splits.parquet"])
def test_a_compared_run_is_of_every_table_that_it_reads(root: Path, features: Path, table: str) -> None:
    settings = load_settings(root, "heart")

    def keys() -> list[str]:
        method = method_of(settings, "clustered tasks")
        return [
            candidate_key(settings, features),
            candidate_key(settings, features, method),
            reference_key(settings, features),
        ]

    before = keys()
    assert keys() == before
    edit(features / table)
    assert all(old != new for old, new in zip(before, keys(), strict=True))


def test_a_compared_run_is_of_the_settings_that_decide_it(root: Path, features: Path) -> None:
    settings = load_settings(root, "heart")
    before = candidate_key(settings_of(settings, "shared"), features)
    other = settings.model_copy(update={"title": "Another", "baselines": load_settings(root, "nhanes").baselines})
    assert candidate_key(settings_of(other, "shared"), features) == before
    trained = settings.training.model_copy(update={"epochs": 3})
    assert candidate_key(settings_of(settings.model_copy(update={"training": trained}), "shared"), features) != before


def test_the_boosters_of_a_teacher_decide_what_its_student_learns(root: Path) -> None:
    nhanes = load_settings(root, "nhanes")
    assert nhanes.training.distillation is not None
    assert set(decisive(nhanes, "train")["baselines"]) == {"lightgbm"}
    assert "baselines" not in decisive(load_settings(root, "heart"), "train")
    fewer = nhanes.baselines.model_copy(update={"twin_seeds": 3, "models": ("linear",)})
    changed = nhanes.model_copy(update={"baselines": fewer})
    assert decisive(changed, "train") == decisive(nhanes, "train")
    assert decisive(changed, "baselines") != decisive(nhanes, "baselines")


def test_layout_and_words_of_params_decide_no_score(root: Path) -> None:
    settings = load_settings(root, "heart")
    other = StudySettings.model_validate({**settings.model_dump(), "title": "Another", "training": {"epochs": 1}})
    assert digest(decisive(other, "score")) == digest(decisive(settings, "score"))
    later = settings.model_copy(update={"known_later": ("cleveland.oldpeak",)})
    assert digest(decisive(later, "score")) != digest(decisive(settings, "score"))


def test_code_is_found_where_it_is_imported_from() -> None:
    assert (ROOT / "flows" / "project" / "imports.py").is_file()
    assert set(SETTLED) >= set(STAGES)


BLOCKS = {**{name: name for name in StudySettings.model_fields}, "task_records": "tasks", "further_tasks": "auxiliary"}


@pytest.mark.parametrize("result", [*(name for name in STAGES if name != "sweep"), "score"])
def test_no_settings_are_read_that_do_not_count(root: Path, result: str) -> None:
    """Every block of the settings that the code of a result names is among those that decide it."""
    # scoring shares modules with the stages, whose own functions it does not call
    paths = {Path("flows/nightly/steps.py")} if result == "score" else sources([f"flows.stages.{result}"], root=root)
    read = {}
    for path in paths - {Path("flows/project/identity.py")}:
        if path.parts[0] != "flows" or path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse((root / path).read_bytes())):
            if isinstance(node, ast.Attribute) and node.attr in BLOCKS:
                holder = ast.unparse(node.value).rpartition(".")[2]
                if holder in ("settings", "own", "seen"):
                    read[BLOCKS[node.attr]] = f"{path}, line {node.lineno}"
    settings = load_settings(root, "nhanes", depth="block")
    counted = set(decisive(settings, result)) | set(SETTLED[result])
    # how rows are parted decides none of them: at most their order in valid tables, which features do not keep
    missing = {block: place for block, place in read.items() if block not in counted | {"shards"}}
    assert not missing, f"flows/project/identity.py: name these blocks for {result!r} in SETTLED: {missing}"


def test_the_settings_stage_leaves_a_file_a_stage_and_wants_packages(root: Path, tmp_path: Path) -> None:
    stage = Study(tmp_path, "heart", given=load_settings(root, "heart"))
    settings.run(stage)
    files = sorted(path.stem for path in stage.paths.settings.iterdir())
    assert files == sorted(STAGES)
    assert read_json(stage.paths.settings / "train.json") == decisive(stage.settings, "train")
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "heart.py").write_text("")
    with pytest.raises(ValueError, match=r"schemas/heart.py is a module: make it schemas/heart/__init__.py"):
        settings.run(stage)
