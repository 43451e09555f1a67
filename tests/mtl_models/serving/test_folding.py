"""Folded steps leave the numbers as they are, and what is read elsewhere alone."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mtl_models.serving.folding import fold
from mtl_models.serving.scorer import open_session

WEIGHTS = {
    "weight": np.array([[2.0, -1.0], [0.5, 3.0], [1.0, 1.0]], dtype=np.float32),
    "bias": np.array([1.0, -2.0], dtype=np.float32),
    "deviation": np.array([4.0], dtype=np.float32),
    "mean": np.array(100.0, dtype=np.float32),
}
STEPS = (
    helper.make_node("Transpose", ["rows"], ["turned"], perm=[1, 0]),
    helper.make_node("Gemm", ["turned", "weight", "bias"], ["raw"], alpha=1.0, beta=1.0, transA=0, transB=0),
    helper.make_node("Mul", ["raw", "deviation"], ["scaled"]),
    helper.make_node("Add", ["scaled", "mean"], ["value"]),
)


def model_of(outputs: list[str]) -> onnx.ModelProto:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in outputs]
    rows = helper.make_tensor_value_info("rows", TensorProto.FLOAT, [3, "n"])
    constants = [numpy_helper.from_array(value, name) for name, value in WEIGHTS.items()]
    graph = helper.make_graph(STEPS, "graph", [rows], values, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


@pytest.mark.parametrize(
    ("outputs", "kept"),
    [
        (["value"], ["Gemm"]),
        (["value", "scaled"], ["Gemm", "Add"]),
        (["value", "raw"], ["Gemm", "Mul", "Add"]),
    ],
    ids=lambda part: "-".join(part),
)
def test_steps_are_folded_where_nothing_else_reads_them(outputs: list[str], kept: list[str]) -> None:
    model = model_of(outputs)
    feed = {"rows": np.array([[1.0, 2.0, 0.0], [-1.0, 0.0, 5.0], [3.0, 1.0, 1.0]], dtype=np.float32)}
    before = open_session(model.SerializeToString()).run(None, feed)
    fold(model.graph)
    onnx.checker.check_model(model, full_check=True)
    assert [node.op_type for node in model.graph.node] == kept
    after = open_session(model.SerializeToString()).run(None, feed)
    for first, second in zip(before, after, strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-6)
    # by hand: (1, -1, 3) gives 2 - 0.5 + 3 + 1 and -1 - 3 + 3 - 2
    np.testing.assert_allclose(after[0][0], [100 + 4 * 5.5, 100 - 4 * 3])
