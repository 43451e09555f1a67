"""What DVC makes: the same bytes in every folder, and again only where something has changed that decides a result."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.flows.support import version
from tests.support import Project

pytestmark = pytest.mark.slow


def outputs(lock: Path) -> dict[str, str]:
    """Path to hash of everything that DVC made."""
    stages = yaml.safe_load(lock.read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def test_another_folder_gives_the_same_bytes(nightly: Project, make_project: Any) -> None:
    """Every output of every stage, from raw tables to the page, in a folder of another name and depth."""
    other = make_project("elsewhere")
    other.run("dvc", "repro", "evaluate@heart", "export@heart")
    first, second = (outputs(project.folder / "dvc.lock") for project in (nightly, other))
    assert len(second) == 24
    assert first == second
    assert "up to date" in other.run("dvc", "repro", "evaluate@heart", "export@heart").stdout


def test_what_decides_no_result_makes_no_stage_stale(nightly: Project) -> None:
    """A new preset and a new study, words of a joint method and of the settings: the trained study stays as it is."""
    folder, targets = nightly.folder, ("evaluate@heart", "export@heart")

    def status() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(nightly.run("dvc", "status", "--with-deps", "--json", *targets).stdout)
        return found

    assert status() == {}
    preset = folder / "presets" / "new.yaml"
    packages = [folder / place / "framingham" for place in ("schemas", "flows/features")]
    edited = ("mtl_models/joint/clustered.py", "flows/project/settings.py", "flows/features/heart/__init__.py")
    before = {name: (folder / name).read_text() for name in (*edited, "dvc.lock")}
    try:
        preset.write_text((folder / "presets/shared_32_64.yaml").read_text())
        for package in packages:
            package.mkdir()
            (package / "__init__.py").write_text('"""A study to come."""\n')
        for name in edited:
            (folder / name).write_text(f"{before[name]}\n# a word\n")
        assert set(status()) == {"settings@heart", "features@heart"}
        done = nightly.run("dvc", "repro", *targets).stdout
        ran = set(re.findall(r"Running stage '(\w+@heart)'", done))
        assert ran == {"settings@heart", "features@heart"}  # the same settings and features came out
    finally:
        for name, text in before.items():
            (folder / name).write_text(text)
        preset.unlink()
        for package in packages:
            shutil.rmtree(package)
    assert status() == {}, "and the outputs are those of before"


def test_dvc_shows_the_metrics(nightly: Project) -> None:
    shown = json.loads(nightly.run("dvc", "metrics", "show", "--json").stdout)
    metrics = shown[""]["data"][os.path.join("reports", "heart", "metrics.json")]["data"]
    assert 0.5 < metrics["multi_task"]["disease"] < 0.95


def test_retraining_without_a_change_keeps_the_champion(nightly: Project) -> None:
    """Nor does it record another run; one that is judged anew, by another gate, comes to the same."""
    lock, runs = (nightly.folder / "dvc.lock").read_bytes(), version(nightly, "runs")
    said = nightly.run("mtl-health", "retrain", "--study", "heart").stdout
    assert "nothing had changed" in said
    assert "already the champion" in said
    assert version(nightly, "runs") == runs
    gate = nightly.folder / "flows" / "nightly" / "gate.py"
    source = gate.read_text()
    gate.write_text(f"{source}# another gate\n")
    try:
        said = nightly.run("mtl-health", "retrain", "--study", "heart").stdout
    finally:
        gate.write_text(source)
    assert "nothing had changed" not in said
    assert "already the champion" in said
    assert (nightly.folder / "dvc.lock").read_bytes() == lock
    assert version(nightly, "champions") == 0
