"""What a change record says: what is another, and what that does to the scores of the same people."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest
import yaml

from flows.nightly.judging.changed import LOCK, PARAMS, changed
from flows.nightly.judging.checks import Check, Verdict, checks_of
from flows.nightly.judging.impact import impact_of
from flows.stores.registry import ModelRegistry
from mtl_models.data.tasks import Task

TASKS = (
    Task(name="tc", kind="regression", unit="mg/dL"),
    Task(name="ill", kind="binary"),
    Task(name="chronic", kind="multilabel", labels=("a", "b")),
)


def scores(tc: list[float], p: list[float]) -> pl.DataFrame:
    """Scores of people whose labels are those of two equal probabilities."""
    ill = [int(each >= 0.5) for each in p]
    sets = [["a", "b"] if each else [] for each in ill]
    return pl.DataFrame({"tc": tc, "ill__p": p, "ill": ill, "chronic__p_a": p, "chronic__p_b": p, "chronic": sets})


def test_impact_by_hand() -> None:
    before = scores([200.0] * 20, [0.4] * 20)
    after = scores([200.0] * 10 + [210.0] * 10, [0.4] * 9 + [0.6] * 11)
    tc, ill, chronic = impact_of(before, after, TASKS, ("tc", "ill", "chronic"), 10)
    assert (tc.decisions, tc.before, tc.after, tc.moved) == ("–", "200 mg/dL", "205 mg/dL", "5 mg/dL; 10 mg/dL")
    assert ill.decisions == chronic.decisions == "55.0\u00a0% (11 of 20)"
    assert (ill.before, ill.after) == ("0.4", "0.51")
    assert chronic.after == "a 0.51, b 0.51"
    few = scores([200.0] * 20, [0.4] * 11 + [0.6] * 9)
    assert impact_of(before, few, TASKS, ("ill",), 10)[0].decisions == "fewer than 10 of 20"
    assert impact_of(before[:9], few[:9], TASKS, ("ill",), 10) == []


def version(registry: ModelRegistry, folder: Path, number: int, epochs: int, files: dict[str, str]) -> str:
    """A version of a study with one stage, trained with so many epochs on files of these checksums."""
    (folder / "model.onnx").write_text(str(number))
    (folder / PARAMS).write_text(json.dumps({"training": {"epochs": epochs, "seeds": [0]}}))
    deps = [{"path": path, "md5": md5} for path, md5 in files.items()]
    stages = {"train@heart": {"deps": deps, "outs": [{"path": "data/features/heart", "md5": "f"}]}}
    (folder / LOCK).write_text(
        yaml.safe_dump({"stages": {**stages, "train@other": {"deps": [{"path": "data/x", "md5": "x"}]}}})
    )
    (folder / "summary.json").write_text(json.dumps({"tables": {"cleveland": {"n_rows": 300 + number}}}))
    companions = [folder / PARAMS, folder / LOCK]
    return registry.register(folder / "model.onnx", companions, {"git_revision": "unknown"}, folder / "summary.json")


def test_what_changed_is_told_from_what_lies_beside_both_versions(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path / "registry", tmp_path / "champions")
    files = {"data/raw/heart": "1" * 32, "data/features/heart": "f", "flows/a.py": "a", "flows/b.py": "b"}
    old = version(registry, tmp_path, 1, 10, files)
    new = version(registry, tmp_path, 2, 20, {**files, "data/raw/heart": "2" * 32, "flows/b.py": "c"})
    found = changed(tmp_path, registry, "heart", old, new)
    assert found["Data"] == ["cleveland: 302 rows, 301 before", f"data/raw/heart: {'2' * 12}"]
    assert found["Params"] == ["training.epochs: 10 → 20"]
    assert found["Code"] == ["commit unknown → unknown", "modules that decide a stage's result and differ: 1"]
    same = changed(tmp_path, registry, "heart", new, new)
    assert same["Params"] == ["the same as before"]
    assert same["Data"][1] == "the same as before"
    (tmp_path / "model.onnx").write_text("before anything was kept")
    bare = registry.register(tmp_path / "model.onnx", [], {})
    assert all(
        any("not known" in line for line in lines) for lines in changed(tmp_path, registry, "heart", bare, new).values()
    )


def test_a_verdict_is_read_back_as_it_was_recorded() -> None:
    checks = [Check.of("figures", True, "2 tasks", n=3), Check.not_judged("floors", "none is set")]
    verdict = Verdict.of(checks, 3, {"mean": {"value": 0.0}}, "figures")
    assert verdict.words == "2 tasks; 1 checks passed"
    assert checks_of(json.loads(json.dumps(verdict.record()))) == checks
    assert checks_of({}) == []
    failed = Verdict.of([*checks, Check.of("size", False, "too large")], 3, {}, "figures")
    assert (failed.passes, failed.words) == (False, "size: too large")


@pytest.mark.parametrize("name", ["data/x", "data/features/heart"])
def test_what_another_study_reads_or_a_stage_made_is_no_change_of_the_data(tmp_path: Path, name: str) -> None:
    registry = ModelRegistry(tmp_path / "registry", tmp_path / "champions")
    old = version(registry, tmp_path, 1, 10, {"data/raw/heart": "1", "data/features/heart": "f"})
    new = version(registry, tmp_path, 2, 10, {"data/raw/heart": "1", "data/features/heart": "g"})
    assert not [line for line in changed(tmp_path, registry, "heart", old, new)["Data"] if line.startswith(name)]
