"""Which stages an edit makes stale: dvc.yaml names the code that each stage imports, no more and no less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.project import dependencies
from flows.project.imports import sources
from flows.project.settings import read_studies
from flows.stages.settings import STAGES


def stages(root: Path) -> dict[str, dict[str, Any]]:
    """Every stage of the dvc.yaml files, by name."""
    return {
        name: stage["do"]
        for file in dependencies.FILES
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
        ("schemas/heart/__init__.py", {"validate", "features", "evaluate"}),
        ("schemas/splitting/parsing.py", {"validate"}),
        ("schemas/splitting/intake.py", {"validate"}),
        ("flows/features/newcomers.py", {"features"}),
        ("data/landed/heart/newcomers.parquet", {"intake"}),
        ("schemas/published.py", set()),
        ("flows/features/view.py", {"features"}),
        ("flows/project/settings.py", {"settings"}),
        ("flows/study/presets.py", {"settings"}),
        ("presets/shared_32_64.yaml", {"settings"}),
        ("presets/new.yaml", {"settings"}),
        ("mtl_models/network/trunks/mmoe.py", FITTING | {"export"}),
        ("mtl_models/training/balancing/famo.py", FITTING),
        ("mtl_models/joint/clustered.py", {"compare", "groups"}),
        ("mtl_models/baselines/boosted.py", FITTING),  # a teacher may be a booster
        ("mtl_models/data/synthetic.py", {"synthetic", "study"}),
        ("mtl_models/serving/export.py", {"export"}),
        ("mtl_models/metrics/binary.py", {"evaluate", "compare", "groups", "synthetic", "study"}),
        ("flows/fitting/networks.py", {"train", "baselines", "compare", "groups"}),
        ("flows/fitting/single.py", {"baselines", "compare", "groups"}),
        ("flows/fitting/joint.py", {"compare", "groups"}),
        ("flows/report/page.html", {"evaluate"}),
        ("flows/report/macros.html", {"evaluate", "compare", "groups"}),
        ("flows/experiments/compare/compare.html", {"compare"}),
        ("flows/report/page.css", {"evaluate", "compare", "groups"}),
        ("flows/nightly/steps.py", set()),
        ("flows/cli/main.py", set()),
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
    wrong = text.replace("        - flows/stages/train.py\n", "        - flows/cli/main.py\n        - schemas\n")
    assert wrong != text
    assert dependencies.with_code(wrong, read_studies(root), root=root) == text


def test_every_stage_depends_on_its_settings_and_no_other_stage_s(root: Path) -> None:
    found = stages(root)
    resolved = {out.rpartition("/")[2] for out in found["settings"]["outs"]}
    assert resolved == {f"{name}.json" for name in STAGES}
    for name, stage in found.items():
        settings = {dep.rpartition("/")[2] for dep in stage["deps"] if dep.startswith("data/settings/")}
        own = {"settings": set(), "intake": set(), "synthetic": set(), "study": {"sweep.json"}}.get(
            name, {f"{name}.json"}
        )
        assert settings == own, name
        assert "params" not in stage or name in ("settings", "synthetic", "study")


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
