from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices, to_matrices
from mtl_models.data.layout import plan_layout
from mtl_models.data.tasks import Task
from mtl_models.network.network import Network
from mtl_models.serving.export import ExportNetwork, export_onnx, require_dynamic_batch
from mtl_models.serving.parity import ParityError, check_parity
from mtl_models.serving.scorer import open_session, run_session
from mtl_models.settings import ModelSettings
from mtl_models.training.fit import Fitted
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS, make_frames


def test_the_file_describes_itself(exported_model: Path) -> None:
    session = open_session(exported_model.read_bytes())
    assert [(each.name, each.type) for each in session.get_inputs()] == [
        ("numeric", "tensor(float)"),
        ("categorical", "tensor(int32)"),
    ]
    assert [(each.name, each.type, len(each.shape)) for each in session.get_outputs()] == [
        ("tall", "tensor(float)", 1),
        ("ill__p", "tensor(float)", 1),
        ("ill", "tensor(int64)", 1),
        ("type__p", "tensor(float)", 2),
        ("type", "tensor(int64)", 1),
        ("grade__p", "tensor(float)", 2),
        ("grade", "tensor(int64)", 1),
        ("conditions__p", "tensor(float)", 2),
        ("conditions", "tensor(int64)", 2),
    ]
    metadata = session.get_modelmeta().custom_metadata_map
    assert (metadata["study"], metadata["params_sha256"]) == ("small", "abc")
    assert [record["name"] for record in json.loads(metadata["tasks"])] == [t.name for t in TASKS if t.role == "main"]
    assert FeatureSpec.from_json(metadata["features"]) == SPEC


def test_no_trace_of_the_machine_is_left(exported_model: Path) -> None:
    proto = onnx.load(exported_model)
    assert not proto.graph.value_info
    assert not any(node.metadata_props or node.doc_string for node in proto.graph.node)
    assert b"site-packages" not in exported_model.read_bytes()


def test_the_number_of_rows_is_free(exported_model: Path, valid: Dataset) -> None:
    graph = onnx.load(exported_model).graph
    assert all(each.type.tensor_type.shape.dim[0].dim_param for each in (*graph.input, *graph.output))
    session = open_session(exported_model.read_bytes())
    whole = run_session(session, valid.inputs)
    for size in (0, 1, 3, 200):
        part = run_session(session, valid.take(np.arange(size)).inputs)
        for name, output in part.items():
            assert len(output) == size
            np.testing.assert_allclose(output, whole[name][:size], rtol=1e-5, atol=1e-6)


def test_a_frozen_number_of_rows_is_refused() -> None:
    value = onnx.helper.make_tensor_value_info
    shapes = {"numeric": ["batch", 3], "tall": [4]}
    given, gives = (value(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items())
    graph = onnx.helper.make_graph([], "graph", [given], [gives])
    with pytest.raises(ValueError, match="fixed number of rows at tall"):
        require_dynamic_batch(onnx.helper.make_model(graph))


def test_the_file_gives_what_torch_gives(exported_model: Path, fitted: Fitted, valid: Dataset) -> None:
    ours, theirs = predict(fitted.network, valid), run_session(open_session(exported_model.read_bytes()), valid.inputs)
    np.testing.assert_allclose(theirs["tall"], ours["tall"][:, 0], rtol=1e-6)
    for name in ("type", "grade", "conditions"):
        np.testing.assert_allclose(theirs[f"{name}__p"], ours[name], atol=1e-6)
    assert (theirs["ill"] == (ours["ill"][:, 0] >= 0.3)).all()


def test_odd_inputs_give_finite_numbers(exported_model: Path, odd_matrices: Matrices) -> None:
    session = open_session(exported_model.read_bytes())
    outputs = run_session(session, odd_matrices)
    assert all(np.isfinite(output).all() for output in outputs.values())
    infinite = odd_matrices.numeric.copy()
    infinite[np.isnan(infinite)] = np.inf
    for name, output in run_session(session, Matrices(infinite, odd_matrices.categorical)).items():
        assert (output == outputs[name]).all()
    outside = np.where(odd_matrices.categorical > 5, -1, odd_matrices.categorical)
    for name, output in run_session(session, Matrices(odd_matrices.numeric, outside)).items():
        assert (output == outputs[name]).all()


def test_another_network_fails_parity_and_writes_nothing(
    exported_model: Path, fitted: Fitted, valid: Dataset, tmp_path: Path
) -> None:
    other = ExportNetwork(_untrained(SPEC, TASKS, valid)).eval()
    with pytest.raises(ParityError, match="output tall at batch size 1: torch and onnxruntime differ"):
        check_parity(other, exported_model.read_bytes(), valid.inputs)
    damaged = _untrained(SPEC, TASKS, valid)
    with torch.no_grad():
        damaged.head("ill").output.bias.fill_(torch.nan)
    with pytest.raises(ParityError, match="ill__p at batch size 1: a prediction is not a finite number"):
        export_onnx(damaged, tmp_path / "model.onnx", metadata={}, check=valid)
    assert not list(tmp_path.iterdir())


def test_parity_finds_a_difference_of_two_in_a_hundred_thousand(
    exported_model: Path, fitted: Fitted, valid: Dataset
) -> None:
    exported = ExportNetwork(fitted.network).eval()
    head = fitted.network.head("ill")
    with torch.no_grad():
        before = head.output.bias.clone()
        head.output.bias.add_(2e-4)
        try:
            with pytest.raises(ParityError, match="ill__p"):
                check_parity(exported, exported_model.read_bytes(), valid.inputs)
        finally:
            head.output.bias.copy_(before)
    check_parity(exported, exported_model.read_bytes(), valid.inputs)


@pytest.mark.parametrize("kind", ["numbers", "categories"])
def test_a_study_of_one_kind_of_column_exports(kind: str, tmp_path: Path) -> None:
    features: tuple[Feature, ...] = SPEC.numeric if kind == "numbers" else SPEC.categorical
    spec, tasks = FeatureSpec(features), TASKS[:2]
    frames = make_frames(60, 1)
    rows = Dataset.from_frames(*frames, spec, tasks)
    network = _untrained(spec, tasks, rows)
    export_onnx(network, tmp_path / "model.onnx", metadata={}, check=rows)
    outputs = run_session(open_session((tmp_path / "model.onnx").read_bytes()), to_matrices(frames[0], spec))
    assert outputs["tall"].shape == (60,)


def _untrained(spec: FeatureSpec, tasks: tuple[Task, ...], rows: Dataset) -> Network:
    torch.manual_seed(0)
    network = Network(spec, tasks, ModelSettings(), plan_layout(spec, rows.inputs))
    network.fit_statistics(rows)
    return network.eval()
