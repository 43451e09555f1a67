"""The exported file's time against its arithmetic: the share of a core's matrix-product rate that it reaches.

    dvc pull data/raw/nhanes.dvc && dvc repro train@nhanes
    python -m benchmarks.exported [--study nhanes] [--rows 16384] [--repeats 7]

Two files of one network: as the export writes it, and with every step as torch takes it. The arithmetic is what torch
counts in the network's own products, and the rate that of a product of two square matrices in onnxruntime.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from benchmarks.measuring import in_turns, one_core, require, show, study_inputs

if TYPE_CHECKING:
    from mtl_models.data.dataset import Matrices
    from mtl_models.network.predictor import Predictor

SIDE = 1024
SLICES = (128, 256, 512, 1024, 4096)
PRODUCT = ("product", SIDE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="nhanes")
    parser.add_argument("--rows", type=int, default=16_384)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    one_core()
    paths, _ = study_inputs(options.study)
    network_file, features = paths.models / "network.safetensors", paths.features / "features.parquet"
    require([network_file, features], f"dvc repro train@{options.study}")

    from mtl_models.data.dataset import to_matrices
    from mtl_models.network.checkpoint import load_network
    from mtl_models.serving.compact import compact
    from mtl_models.serving.export import graph_of
    from mtl_models.serving.scorer import open_session

    network, people = load_network(network_file), pl.read_parquet(features)
    inputs = to_matrices(pl.concat([people] * -(-options.rows // people.height)).head(options.rows), network.spec)
    graphs = {"exported": graph_of(compact(network)), "step by step": graph_of(network)}
    contenders: dict[tuple[str, int], Callable[[], Any]] = {PRODUCT: product()}
    for name, graph in graphs.items():
        session = open_session(graph.SerializeToString())
        contenders |= {(name, rows): partial(run, session, inputs, rows) for rows in SLICES}
    seconds = in_turns(contenders, options.repeats, time.process_time)
    operations, rate = operations_of(network, inputs), 2 * SIDE**3 / seconds[PRODUCT]
    cells = {
        key: (f"{len(inputs) / taken:,.0f}", f"{operations * len(inputs) / rate / taken:.2f}")
        for key, taken in seconds.items()
    }
    nodes = ", ".join(f"{name} {len(graph.graph.node)} nodes" for name, graph in graphs.items())
    show(
        f"{options.study}: {operations / 1e3:,.0f} thousand operations a person, {rate / 1e9:.0f} billion a second",
        ("rows a call", *(title for name in graphs for title in (f"{name}, rows/s", "of the rate"))),
        ((f"{rows:,}", *(text for name in graphs for text in cells[name, rows])) for rows in SLICES),
        note=f"processor time, medians of {options.repeats} turns; {nodes}",
    )


def run(session: Any, inputs: Matrices, rows: int) -> None:
    """Score all in calls of so many rows."""
    for start in range(0, len(inputs), rows):
        part = slice(start, start + rows)
        session.run(None, {"numeric": inputs.numeric[part], "categorical": inputs.categorical[part]})


def product() -> Callable[[], Any]:
    """A product of two square matrices in a session as the scorer's."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from mtl_models.serving.export import OPSET
    from mtl_models.serving.scorer import open_session

    square = np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32)
    given, gives = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", SIDE]) for name in "ac")
    node, weight = helper.make_node("MatMul", ["a", "b"], ["c"]), numpy_helper.from_array(square, "b")
    graph = helper.make_graph([node], "product", [given], [gives], [weight])
    model = helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=10)
    session = open_session(model.SerializeToString())
    return lambda: session.run(None, {"a": square})


def operations_of(network: Predictor, inputs: Matrices) -> float:
    """Additions and multiplications a person in the products of a network."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    rows = slice(0, 256)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network.predictions(torch.from_numpy(inputs.numeric[rows]), torch.from_numpy(inputs.categorical[rows]))
    return float(counter.get_total_flops() / len(inputs.numeric[rows]))


if __name__ == "__main__":
    main()
