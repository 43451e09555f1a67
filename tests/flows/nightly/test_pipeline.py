"""What DVC would run again, told from its files, beside what DVC says of the same folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dvc.repo import Repo

from flows.nightly.pipeline.current import is_current
from tests.support import FOLDER

# DVC's own, of a library that it uses
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")
TARGETS = ["evaluate@heart"]
PIPELINE = """\
stages:
  settings:
    foreach: ${studies}
    do:
      desc: Settings of ${key}
      cmd: mkdir -p data/settings && cat presets/* > data/settings/${key}.json
      deps: [presets]
      params: ["studies.${key}"]
      outs: ["data/settings/${key}.json"]
  validate:
    foreach: ${studies}
    do:
      cmd: mkdir -p data/valid && cp -r data/raw/${key} data/valid/${key}
      deps: ["data/settings/${key}.json", "data/raw/${key}", code.py]
      outs: ["data/valid/${key}"]
  evaluate:
    foreach: ${studies}
    do:
      cmd: mkdir -p reports/${key}/plots && cp code.py reports/${key}/page && cp code.py reports/${key}/figures
      deps: ["data/valid/${key}"]
      outs: ["reports/${key}/page"]
      metrics: ["reports/${key}/figures"]
      plots: ["reports/${key}/plots"]
"""
PARAMS = "studies:\n  heart: {seed: 1, shuffle: yes, rate: 1e-3}\n  whas500: {seed: 1}\n"
FILES = {
    "dvc.yaml": PIPELINE,
    "params.yaml": PARAMS,
    "code.py": "1\n",
    "presets/small.yaml": "a: 1\n",
    ".dvcignore": "__pycache__\n*.pyc\n",
    **{f"data/raw/{name}/{part}": f"{name} {part}\n" for name in ("heart", "whas500") for part in ("a.csv", "b/c.csv")},
}


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, all its stages run."""
    root = tmp_path_factory.mktemp("pipeline") / FOLDER
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    add = ["add", "--quiet", "data/raw/heart", "data/raw/whas500"]
    for command in (["init", "--quiet", "--no-scm"], add, ["repro", "--quiet"]):
        subprocess.run([sys.executable, "-m", "dvc", *command], cwd=root, check=True, capture_output=True)
    return root


@pytest.fixture
def project(reproduced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy, in which a test changes one thing."""
    root = tmp_path / FOLDER
    shutil.copytree(reproduced, root)
    monkeypatch.chdir(root)
    return root


def write(name: str, text: str) -> Callable[[Path], None]:
    """Write a file, what was there removed: DVC may have linked it to its cache."""

    def change(root: Path) -> None:
        (root / name).unlink(missing_ok=True)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)

    return change


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text()
        assert old in text
        write(name, text.replace(old, new))(root)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda root: shutil.rmtree(root / name) if (root / name).is_dir() else (root / name).unlink()


def cached(root: Path, content: str) -> Path:
    """The file of DVC's cache that holds some text."""
    files = [path for path in (root / ".dvc/cache").rglob("*") if path.is_file()]
    return next(path for path in files if path.read_text() == content)


def spoil(root: Path, *, mode: int) -> None:
    file = cached(root, "heart a.csv\n")
    file.chmod(0o644)
    file.write_text("spoilt\n")
    file.chmod(mode)


SAME = {
    "nothing": lambda root: None,
    "a comment in the settings": write("params.yaml", f"# words\n{PARAMS}"),
    "a number written otherwise": replace("params.yaml", "1e-3", "0.001"),
    "another study's settings": replace("params.yaml", "whas500: {seed: 1}", "whas500: {seed: 2}"),
    "a further study": write("params.yaml", f"{PARAMS}  new: {{seed: 1}}\n"),
    "another study's data": write("data/raw/whas500/a.csv", "other\n"),
    "another study's output gone": remove("reports/whas500"),
    "an ignored file in a folder": write("presets/__pycache__/small.pyc", "x"),
    "words on a stage": replace("dvc.yaml", "desc: Settings", "desc: The settings"),
    "a dependency less": replace("dvc.yaml", ", code.py]", "]"),
    "data that DVC does not track": remove("data/raw/heart.dvc"),
    "a spoilt file in the cache that is read-only": lambda root: spoil(root, mode=0o444),
}
CHANGED = {
    "a byte of a raw table": write("data/raw/heart/a.csv", "heart A.csv\n"),
    "a raw table more": write("data/raw/heart/d.csv", "d\n"),
    "a raw table less": remove("data/raw/heart/b/c.csv"),
    "a raw table of another name": lambda root: os.rename(root / "data/raw/heart/a.csv", root / "data/raw/heart/z.csv"),
    "the raw tables gone": remove("data/raw/heart"),
    "raw tables of another commit": replace("data/raw/heart.dvc", "md5: ", "md5: 0"),
    "a setting": replace("params.yaml", "heart: {seed: 1", "heart: {seed: 2"),
    "a text that becomes true": replace("params.yaml", "yes", "true"),
    "a setting more": replace("params.yaml", "heart: {", "heart: {epochs: 1, "),
    "code": write("code.py", "2\n"),
    "code gone": remove("code.py"),
    "a file more in a folder of code": write("presets/large.yaml", "b: 1\n"),
    "a folder of code gone": remove("presets"),
    "an output gone": remove("reports/heart/page"),
    "an output changed": write("reports/heart/page", "by hand\n"),
    "a metrics file changed": write("reports/heart/figures", "by hand\n"),
    "a folder of plots gone": remove("reports/heart/plots"),
    "an early output gone": remove("data/settings/heart.json"),
    "a file of an output folder gone": remove("data/valid/heart/a.csv"),
    "the lock gone": remove("dvc.lock"),
    "a stage that never ran": replace("dvc.lock", "  validate@heart:", "  once@heart:"),
    "another command": replace("dvc.yaml", "mkdir -p data/valid", "mkdir -pv data/valid"),
    "a dependency more": replace("dvc.yaml", "deps: [presets]", "deps: [presets, code.py]"),
    "a setting more that a stage depends on": replace("dvc.yaml", "params: [", "params: [studies, "),
    "an output more": replace(
        "dvc.yaml", 'outs: ["data/valid/${key}"]', 'outs: ["data/valid/${key}", "data/more/${key}"]'
    ),
    "an output that is not in the cache": lambda root: cached(root, "1\n").unlink(),
    "a file of an output folder that is not in the cache": lambda root: cached(root, "heart a.csv\n").unlink(),
    "a spoilt file in the cache": lambda root: spoil(root, mode=0o644),
    "raw tables that a stage elsewhere makes": lambda root: [
        remove("data/raw/heart.dvc")(root),
        write("sub/dvc.yaml", "stages: {get: {cmd: 'true', wdir: .., deps: [code.py], outs: [data/raw/heart]}}")(root),
    ],
    "a stage that always runs": replace("dvc.yaml", "      metrics:", "      always_changed: true\n      metrics:"),
}
OUTPUT = 'outs: ["data/valid/${key}"]'
ASKED = {
    "an output with an option": replace("dvc.yaml", OUTPUT, 'outs: ["data/valid/${key}": {push: false}]'),
    "a variable": write("dvc.yaml", f"vars: [{{place: reports}}]\n{PIPELINE}"),
    "a stage for each of another list": write(
        "sub/dvc.yaml", "stages: {get: {foreach: [1], do: {cmd: 'true', wdir: .., outs: ['data/raw/${item}']}}}"
    ),
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME.keys())
def test_what_dvc_calls_up_to_date_is_so(project: Path, change: Callable[[Path], object]) -> None:
    change(project)
    assert is_current(project, TARGETS)
    assert Repo(str(project)).status(TARGETS, with_deps=True) == {}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED.keys())
def test_what_dvc_would_run_is_not_up_to_date(project: Path, change: Callable[[Path], object]) -> None:
    change(project)
    assert not is_current(project, TARGETS)  # before DVC looks, which removes what is spoilt
    assert Repo(str(project)).status(TARGETS, with_deps=True) != {}


@pytest.mark.parametrize("change", ASKED.values(), ids=ASKED.keys())
def test_what_is_written_otherwise_is_left_to_dvc(project: Path, change: Callable[[Path], object]) -> None:
    """DVC finds nothing to do there; that is not told without it."""
    change(project)
    assert not is_current(project, TARGETS)
    assert Repo(str(project)).status(TARGETS, with_deps=True) == {}


def test_files_that_dvc_cannot_use_are_never_up_to_date(project: Path) -> None:
    for name in ("dvc.yaml", "dvc.lock", "params.yaml", "data/raw/heart.dvc", ".dvc/config"):
        text = (project / name).read_text()
        for other in ("[", "- a list\n", "stages: 1\n", "studies: 1\n"):
            write(name, other)(project)
            assert not is_current(project, TARGETS), (name, other)
        write(name, text)(project)
    assert is_current(project, TARGETS)
