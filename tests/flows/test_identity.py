"""What each result depends on: the code, settings and presets that are stale after an edit, no more and no less."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import dependencies
from flows.fitting.comparison import reference_key, run_key
from flows.hashing import digest
from flows.identity import SETTLED, code_digest, decisive
from flows.imports import ROOT, sources
from flows.runs import method_of, settings_of
from flows.settings import StudySettings, load_settings, read_studies
from flows.stages.settings import STAGES

STAGE_FILES = {"dvc.yaml": "studies", "compare/dvc.yaml": "studies", "sweeps/dvc.yaml": "sweeps"}


def stages(root: Path) -> dict[str, dict[str, Any]]:
    """Every stage of the dvc.yaml files, by name."""
    return {
        name: stage["do"]
        for file in STAGE_FILES
        for name, stage in yaml.safe_load((root / file).read_text())["stages"].items()
    }


def stale(root: Path, edited: str, study: str) -> set[str]:
    """The stages of a study that an edit of one file of the project makes stale, by what dvc.yaml says."""
    found = set()
    for name, stage in stages(root).items():
        deps = (dep.replace("${key}", study).replace("${item.data.study}", study) for dep in stage["deps"])
        if any(edited == dep or edited.startswith(f"{dep}/") for dep in deps):
            found.add(name)
    return found


FITTING = {"train", "baselines", "compare", "groups", "synthetic", "study"}


@pytest.mark.parametrize(
    ("edited", "expected"),
    [
        ("flows/features/heart/__init__.py", {"features"}),
        ("schemas/heart/__init__.py", {"validate", "features"}),
        ("schemas/parsing.py", {"validate"}),
        ("schemas/published.py", set()),
        ("flows/features/view.py", {"features"}),
        ("flows/settings.py", {"settings"}),
        ("flows/presets.py", {"settings"}),
        ("presets/shared_32_64.yaml", {"settings"}),
        ("presets/new.yaml", {"settings"}),
        ("mtl_models/trunks/mmoe.py", FITTING | {"export"}),
        ("mtl_models/balancing/famo.py", FITTING),
        ("mtl_models/joint/clustered.py", {"compare", "groups"}),
        ("mtl_models/baselines/boosted.py", FITTING),  # a teacher may be a booster
        ("mtl_models/synthetic.py", {"synthetic", "study"}),
        ("mtl_models/export.py", {"export"}),
        ("mtl_models/metrics/binary.py", {"evaluate", "compare", "groups", "synthetic", "study"}),
        ("flows/fitting/networks.py", {"train", "baselines", "compare", "groups"}),
        ("flows/fitting/single.py", {"baselines", "compare", "groups"}),
        ("flows/fitting/joint.py", {"compare", "groups"}),
        ("flows/report/page.html", {"evaluate"}),
        ("flows/report/macros.html", {"evaluate", "compare", "groups"}),
        ("flows/report/compare.html", {"compare"}),
        ("flows/report/page.css", {"evaluate", "compare", "groups"}),
        ("flows/scoring.py", set()),
        ("flows/cli.py", set()),
        # another study's code, and that of one that is not there yet
        ("flows/features/nhanes/targets.py", set()),
        ("schemas/nhanes/diet.py", set()),
        ("flows/features/framingham/__init__.py", set()),
        ("schemas/framingham/__init__.py", set()),
    ],
)
def test_an_edit_makes_these_stages_stale(root: Path, edited: str, expected: set[str]) -> None:
    assert stale(root, edited, "heart") == expected


@pytest.mark.parametrize("file", dependencies.FILES)
def test_the_stages_depend_on_the_code_that_they_import(root: Path, file: str) -> None:
    text = (root / file).read_text()
    right = dependencies.with_code(text, read_studies(root), root=root)
    assert text == right, f"{file} does not say what its stages import: run `{dependencies.COMMAND}`"


def test_the_writer_mends_too_little_and_too_much(root: Path) -> None:
    text = (root / "dvc.yaml").read_text()
    wrong = text.replace("        - flows/stages/train.py\n", "        - flows/cli.py\n        - schemas\n")
    assert wrong != text
    assert dependencies.with_code(wrong, read_studies(root), root=root) == text


def test_every_stage_depends_on_its_settings_and_no_other_stage_s(root: Path) -> None:
    found = stages(root)
    resolved = {out.rpartition("/")[2] for out in found["settings"]["outs"]}
    assert resolved == {f"{name}.json" for name in STAGES}
    for name, stage in found.items():
        settings = {dep.rpartition("/")[2] for dep in stage["deps"] if dep.startswith("data/settings/")}
        own = {"settings": set(), "synthetic": set(), "study": {"sweep.json"}}.get(name, {f"{name}.json"})
        assert settings == own, name
        assert "params" not in stage or name in ("settings", "synthetic", "study")


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


def test_sources_follow_functions_registries_templates_and_the_study_that_is_named(tmp_path: Path) -> None:
    def write(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    write("mtl_models/__init__.py", '"""Only words."""\n')
    write(
        "mtl_models/parts/__init__.py",
        'from mtl_models.registry import Registry\nPARTS: Registry = Registry(__name__, {"one": "first:One"})\n',
    )
    write("mtl_models/parts/first.py", "")
    write("mtl_models/parts/settings.py", "X = 1\n")
    write("mtl_models/parts/first.py", "One = 1\n")
    write("mtl_models/registry.py", "class Registry: ...\n")
    write("schemas/find.py", 'from importlib import import_module\nimport_module(f"schemas.{study}")\n')
    write("schemas/here/__init__.py", "from schemas.here import more\n")
    write("schemas/here/more.py", "Y = 1\n")
    write("schemas/there/__init__.py", "Z = 1\n")
    write("flows/page.html", "{% import 'macros.html' as m %}")
    write("flows/macros.html", "")
    write("flows/other.html", "")
    write("flows/typed.py", "T = 1\n")
    write(
        "flows/a.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from flows.typed import T\n"
        "def f():\n    from mtl_models.parts import settings\n    from schemas import find\n    render('page.html')\n",
    )
    write("flows/b.py", "from mtl_models.parts import PARTS\n")

    def names(module: str, study: str | None = None) -> set[str]:
        return {path.as_posix() for path in sources([module], study, root=tmp_path)}

    a = {"flows/a.py", "flows/page.html", "flows/macros.html", "schemas/find.py"}
    a |= {"mtl_models/parts/__init__.py", "mtl_models/parts/settings.py", "mtl_models/registry.py"}
    assert names("flows.a") == a
    assert names("flows.a", "here") == a | {"schemas/here/__init__.py", "schemas/here/more.py"}
    b = {"flows/b.py", "mtl_models/parts/__init__.py", "mtl_models/parts/first.py", "mtl_models/registry.py"}
    assert names("flows.b") == b


@pytest.mark.parametrize(
    ("edited", "changes"),
    [
        ("flows/features/heart/__init__.py", True),
        ("schemas/heart/__init__.py", True),
        ("schemas/checking.py", True),
        ("flows/stages/features.py", True),
        ("mtl_models/scorer.py", True),
        ("flows/features/nhanes/__init__.py", False),
        ("schemas/nhanes/diet.py", False),
        ("mtl_models/run.py", False),
        ("flows/report/page.html", False),
    ],
)
def test_the_code_of_a_score_is_what_scoring_uses(root: Path, copy: Path, edited: str, changes: bool) -> None:
    before = code_digest("flows.scoring", study="heart", root=copy)
    assert before == code_digest("flows.scoring", study="heart", root=root)  # the folder does not matter
    with edited_file(copy / edited):
        assert (code_digest("flows.scoring", study="heart", root=copy) != before) is changes


@pytest.mark.parametrize(
    ("edited", "network", "joint"),
    [
        ("flows/fitting/jobs.py", True, True),
        ("flows/fitting/networks.py", True, False),
        ("mtl_models/losses.py", True, False),
        ("mtl_models/joint/clustered.py", False, True),
        ("flows/leaderboard.py", False, False),
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
        return [run_key(settings, features), run_key(settings, features, method), reference_key(settings, features)]

    before = keys()
    assert keys() == before
    edit(features / table)
    assert all(old != new for old, new in zip(before, keys(), strict=True))


def test_a_compared_run_is_of_the_settings_that_decide_it(root: Path, features: Path) -> None:
    settings = load_settings(root, "heart")
    before = run_key(settings_of(settings, "shared"), features)
    other = settings.model_copy(update={"title": "Another", "baselines": load_settings(root, "nhanes").baselines})
    assert run_key(settings_of(other, "shared"), features) == before
    trained = settings.training.model_copy(update={"epochs": 3})
    assert run_key(settings_of(settings.model_copy(update={"training": trained}), "shared"), features) != before


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
    assert (ROOT / "flows" / "imports.py").is_file()
    assert set(SETTLED) >= set(STAGES)


BLOCKS = {**{name: name for name in StudySettings.model_fields}, "task_records": "tasks", "further_tasks": "auxiliary"}


@pytest.mark.parametrize("result", [*(name for name in STAGES if name != "sweep"), "score"])
def test_no_settings_are_read_that_do_not_count(root: Path, result: str) -> None:
    """Every block of the settings that the code of a result names is among those that decide it."""
    # scoring shares modules with the stages, whose own functions it does not call
    paths = {Path("flows/scoring.py")} if result == "score" else sources([f"flows.stages.{result}"], root=root)
    read = {}
    for path in paths - {Path("flows/identity.py")}:
        if path.parts[0] != "flows" or path.suffix != ".py":
            continue
        for node in ast.walk(ast.parse((root / path).read_bytes())):
            if isinstance(node, ast.Attribute) and node.attr in BLOCKS:
                holder = ast.unparse(node.value).rpartition(".")[2]
                if holder in ("settings", "own", "seen"):
                    read[BLOCKS[node.attr]] = f"{path}, line {node.lineno}"
    settings = load_settings(root, "nhanes", depth="block")
    counted = set(decisive(settings, result)) | set(SETTLED[result])
    missing = {block: place for block, place in read.items() if block not in counted}
    assert not missing, f"flows/identity.py: name these blocks for {result!r} in SETTLED: {missing}"
