"""When a retraining has nothing to do: its inputs are those of a run in the ledger, and all that it left is there."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from flows.nightly.judging.checks import Verdict
from flows.nightly.promotion import ALREADY, Promotion
from flows.nightly.retrain import TRAINING, Judged, record
from flows.nightly.retrained import last_promotion, retrained_already
from flows.project.paths import SUMMARY, read_json
from flows.stages.validate import judge
from flows.stores.registry import PROFILE
from flows.study.study import Study
from tests.support import Project

pytestmark = pytest.mark.slow


def test_only_what_is_there_as_a_run_left_it_is_not_done_again(copy_night: Callable[[str], Project]) -> None:
    root = copy_night("retrained").folder
    study = Study(root, "heart")
    row = retrained_already(study)
    assert row is not None
    assert (row["reason"], row["promoted"], row["unchanged"]) == (ALREADY, False, True)
    assert any("thal" in sentence for sentence in row["warnings"])
    assert study.tables.runs.find(row["run_id"])["promoted"]  # type: ignore[index]

    params = root / "params.yaml"
    text = params.read_text()
    params.write_text(text.replace("title: Cleveland heart disease study", "title: Another title"))
    assert retrained_already(Study(root, "heart")) is None
    params.write_text("studies: [")
    assert retrained_already(Study(root, "heart")) is None
    params.write_text(text)
    version = study.registry.folder / "versions" / row["model_version"]
    for path in (version / PROFILE, version / "model.onnx", root / "dvc.lock", study.paths.models / "model.onnx"):
        aside = path.rename(path.with_name("aside"))
        assert retrained_already(study) is None, path
        aside.rename(path)
    rejects = study.tables.rejects
    rejects.replace(
        TRAINING, rejects.read(TRAINING).clear(1).with_columns(batch=pl.lit(TRAINING), run_id=pl.lit("other"))
    )
    assert retrained_already(study) is None
    rejects.remove(TRAINING)
    assert retrained_already(study) == row
    shutil.rmtree(study.tables.runs.folder)
    assert retrained_already(study) is None


def test_an_export_that_the_gate_refused_is_not_judged_again(copy_night: Callable[[str], Project]) -> None:
    """As long as the same champion stands; but what the published table refused is, which may be moved aside."""
    study = Study(copy_night("refused").folder, "heart")
    first = study.registry.champion()
    assert first is not None
    other = study.root / "other.onnx"
    other.write_bytes(b"another model")
    study.registry.promote(study.registry.register(other, [], {}), "by hand", {})
    assert retrained_already(study) is None

    summary = read_json(study.paths.valid / SUMMARY)
    refused = Promotion(first.version, False, "not promoted: worse", Verdict(False, "worse", 121))
    judged = Judged(judge(study, summary), last_promotion(study.registry.promotions()), refused, ["few people"], {})
    record.fn(study, replace(judged, result=replace(refused, verdict=None)), datetime.now(UTC))
    assert retrained_already(study) is None
    record.fn(study, judged, datetime.now(UTC))
    row = retrained_already(study)
    assert row is not None
    assert (row["reason"], row["warnings"], row["promoted"]) == ("not promoted: worse", ["few people"], False)

    study.registry.promote(first.version, "by hand", {})
    assert retrained_already(study) is None
    assert study.tables.runs.read().filter(pl.col("flow") == "retrain").height == 2
