"""Stage: the trained network as one ONNX file that describes itself, proven equal to torch."""

from __future__ import annotations

from typing import Any

from flows.fitting.names import FINAL
from flows.project.hashing import digest, sha256
from flows.project.identity import decisive
from flows.project.paths import replace_file, write_json
from flows.stages.command import run_stage
from flows.study.study import Study
from mtl_models.data.dataset import read_dataset


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's network; parity is checked on people that it was not trained on."""
    from mtl_models.network.checkpoint import load_network
    from mtl_models.serving.export import export_onnx

    paths, settings = study.paths, study.settings
    dataset, spec, splits = read_dataset(paths.features, settings.task_records)
    network_file = paths.models / "network.safetensors"
    metadata = {
        "study": study.name,
        "title": settings.title,
        "population": settings.population,
        "features_sha256": sha256(paths.features / "features.parquet"),
        "targets_sha256": sha256(paths.features / "targets.parquet"),
        "params_sha256": digest(decisive(settings, "export")),
        "network_sha256": sha256(network_file),
        "metrics_sha256": sha256(paths.reports / "metrics.json"),
    }
    model = paths.models / "model.onnx"
    network = load_network(network_file)
    held_out = dataset.select(spec, network.spec).take((splits[FINAL] != "train").to_numpy())
    replace_file(model, lambda partial: export_onnx(network, partial, metadata=metadata, check=held_out))
    summary = {
        "sha256": sha256(model),
        "bytes": model.stat().st_size,
        "n_parity_checked": len(held_out),
        "metadata": metadata,
    }
    write_json(paths.models / "export.json", summary)
    return summary


if __name__ == "__main__":
    run_stage(run, depth="parts")
