"""The gate on real files: what it stops, what it lets pass, what it cannot judge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from flows.project.hashing import sha256
from flows.project.paths import read_json, write_json
from flows.stores.tables import ScoreTable
from flows.study.study import Study
from tests.support import NIGHT, Project

pytestmark = pytest.mark.slow


def test_the_gate_stops_a_ruined_network_and_lets_an_equal_one_pass(
    copy_night: Callable[[str], Project], tmp_path: Path
) -> None:
    """Real files on the study's validation people."""
    import torch

    from flows.nightly.judging.record import VERDICT
    from flows.nightly.promotion import promote
    from flows.stores.registry import registry_of
    from mtl_models.data.dataset import read_dataset
    from mtl_models.network.checkpoint import load_network
    from mtl_models.serving.export import export_onnx

    study = Study(copy_night("gate").folder, "heart")
    paths, settings = study.paths, study.settings
    dataset, _, _ = read_dataset(paths.features, settings.task_records)
    registry = registry_of(paths)
    first = registry.champion()
    assert first is not None

    def version_with(factor: float) -> str:
        network = load_network(paths.models / "network.safetensors")
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(factor)
        file = tmp_path / f"{factor}.onnx"
        export_onnx(network, file, metadata={}, check=dataset)
        export = tmp_path / "export.json"
        write_json(export, {"sha256": sha256(file), "n_parity_checked": len(dataset)})
        return registry.register(file, [export], {})

    ruined = promote(study, version_with(-1.0))
    assert not ruined.promoted
    assert "champion, mean: gain −" in ruined.reason
    assert "at least twice as large" in ruined.reason
    assert read_json(registry.version_folder(ruined.version) / VERDICT)["passes"] is False
    assert not list(registry.version_folder(ruined.version).glob("changes/*"))
    champion = registry.champion()
    assert champion is not None
    assert champion.version == first.version
    equal = promote(study, version_with(1.0001))
    assert equal.promoted
    assert "not worse by the margin" in equal.reason
    assert equal.verdict is not None
    outcomes = {check.name: check.outcome for check in equal.verdict.checks}
    assert outcomes["anchor, mean"] == "not judged", "the champion is the anchor"
    assert outcomes["parity"] == "pass"
    (page,) = registry.version_folder(equal.version).glob("changes/*.html")
    record = page.read_text()
    assert f"instead of {first.version[:12]}" in record
    assert "champion, disease" in record
    assert "Both models scored the same 121 validation people." in record
    champion = registry.champion()
    assert champion is not None
    assert champion.version == equal.version != first.version

    targets = paths.features / "targets.parquet"
    known = pl.read_parquet(targets)
    targets.unlink()
    known.with_columns(pl.lit(0).cast(known["disease"].dtype).alias("disease")).write_parquet(targets)
    unjudged = promote(study, version_with(1.0002))
    assert not unjudged.promoted
    assert "no figure for task disease: its 121 labelled validation people have one class only" in unjudged.reason
    assert unjudged.verdict is not None
    outcomes = {check.name: check.outcome for check in unjudged.verdict.checks}
    assert outcomes["anchor, thal"] == outcomes["champion, thal"] == "pass", "the first champion is the anchor"
    assert outcomes["anchor, disease"] == "fail"
    known.write_parquet(targets)
    # a study that once had another outcome: its readers would lose a column
    scores = ScoreTable(paths.tables)
    scores.replace(NIGHT, scores.read(NIGHT).with_columns(pl.lit(0.5).alias("once")))
    narrower = promote(study, version_with(1.0003))
    assert not narrower.promoted
    assert "do not fit into data/tables/heart/scores: column once is gone; keep the task as it was" in narrower.reason
