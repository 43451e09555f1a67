"""What importing the library costs and needs: each in a process of its own, where nothing is loaded yet."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mtl_models

ROOT = Path(__file__).parents[2]
PIPELINE = ("prefect", "dvc", "deltalake", "pandera", "rich", "typer", "yaml", "matplotlib", "jinja2")
OPTIONAL = (*PIPELINE, "filelock", "pyreadstat", "lightgbm", "catboost", "gpytorch")
# Python's own way to make an import fail; torch looks for rich and others by itself, and they stay
BLOCKED_NAMES = ("prefect", "dvc", "deltalake", "pandera", "typer", "lightgbm", "catboost", "gpytorch")
BLOCKED = f"import sys\nfor name in {BLOCKED_NAMES}: sys.modules[name] = None\n"
LEARN = """
from mtl_models import MultiTaskModel, Scorer, Task
import polars as pl
people = pl.DataFrame({"age": range(60), "ill": [0, 1] * 30, "tall": [1.0, 2.0, None] * 20})
tasks = [Task(name="ill", kind="binary"), Task(name="tall", kind="regression")]
model = MultiTaskModel(tasks, training={"epochs": 2}).fit(people)
print(model.evaluate(people, baselines=["linear"], settings={"replicates": 5}))
print(Scorer(model.export("model.onnx")).score(people).columns)
"""


def python(code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("code", "without"),
    [
        ("import mtl_models", ("torch", "sklearn", "polars", "numpy", "pydantic", *OPTIONAL)),
        ("from mtl_models import MultiTaskModel, Task", ("torch", *OPTIONAL)),
        ("from mtl_models import Scorer", ("torch", "onnx", "sklearn", "scipy", *OPTIONAL)),
    ],
)
def test_an_import_loads_nothing_heavy(code: str, without: tuple[str, ...]) -> None:
    done = python(f"{code}\nprint(sorted(set(sys.modules) & set({without})))")
    assert done.stdout == "[]\n", done.stderr


def test_the_page_on_python_runs_and_the_library_learns_where_no_extra_is_installed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    (block,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert block in (ROOT / "README.md").read_text()
    assert len([line for line in block.splitlines() if line and "import" not in line]) <= 7
    done = python(f"{BLOCKED}{block}\nprint('the page ends')\n{LEARN}", tmp_path)
    assert done.returncode == 0, done.stderr
    said, learned = done.stdout.split("the page ends\n")
    assert "single_task" in said
    assert "progression" in said
    assert "linear" in learned
    assert learned.splitlines()[-1] == "['ill', 'ill__p', 'tall']"


def test_the_scorer_scores_without_torch(exported_model: Path, tmp_path: Path) -> None:
    code = (
        "for name in ('torch', 'onnx', 'sklearn'): sys.modules[name] = None\n"
        "from mtl_models import Scorer\nimport polars as pl\n"
        f"scorer = Scorer({str(exported_model)!r})\n"
        "frame = pl.DataFrame({f.name: [None] for f in scorer.spec.features})\n"
        "print(scorer.score(frame).height)"
    )
    done = python(code, tmp_path)
    assert done.stdout == "1\n", done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "from mtl_models.baselines import require_library; require_library('lightgbm')",
            "the baseline lightgbm needs lightgbm, which is not installed: pip install 'mtl-health[boosters]'",
        ),
        (
            "from mtl_models.joint.gaussian_process import GaussianProcess; GaussianProcess().require()",
            "gaussian_process needs gpytorch, which is not installed: pip install 'mtl-health[gp]'",
        ),
        (
            "from flows.cli.start import main; main()",
            "error: the command mtl-health needs typer, which is not installed: pip install 'mtl-health[pipeline]'",
        ),
    ],
)
def test_what_lacks_is_one_sentence_that_says_how_to_install_it(code: str, said: str) -> None:
    done = python(BLOCKED + code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].removeprefix("ValueError: ") == said


def test_names_at_the_front_are_those_that_there_are() -> None:
    assert set(mtl_models.__all__) <= set(dir(mtl_models))
    assert all(getattr(mtl_models, name).__name__ == name for name in mtl_models.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'Tusk'"):
        mtl_models.Tusk  # noqa: B018


def test_packages_say_that_they_are_typed_and_extras_hold_what_the_library_does_not() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for package in ("mtl_models", "schemas", "flows"):
        assert (ROOT / package / "py.typed").exists()
        assert "py.typed" in project["tool"]["setuptools"]["package-data"][package]
    base = " ".join(project["project"]["dependencies"])
    assert not [name for name in OPTIONAL if name in base]
    extras = project["project"]["optional-dependencies"]
    assert set(extras) == {"pipeline", "boosters", "gp", "cluster", "s3", "dev"}
    pins = {line.split("==")[0].lower().replace("_", "-") for line in (ROOT / "constraints.txt").read_text().split()}
    named = [each for part in (project["project"]["dependencies"], *extras.values()) for each in part]
    names = {each.split("[")[0].split(">")[0].split("~")[0].lower().replace("_", "-") for each in named}
    assert names - {"mtl-health"} <= pins  # an extra may name the others
