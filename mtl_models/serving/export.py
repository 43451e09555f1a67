"""A trained network as one ONNX file that describes itself, checked against torch before it counts."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.data.tasks import Task
from mtl_models.network.predictor import Predictor
from mtl_models.serving.compact import compact
from mtl_models.serving.exported import ExportNetwork, Scoring
from mtl_models.serving.folding import fold
from mtl_models.serving.parity import check_parity

OPSET = 20


def export_onnx(network: Predictor, path: Path, *, metadata: Mapping[str, str], check: Dataset | Matrices) -> None:
    """Write the network as ONNX, after torch and onnxruntime agreed on the rows of ``check``.

    The file has the inputs ``numeric`` and ``categorical`` of :class:`mtl_models.data.dataset.Matrices`, any number of
    rows, and the outputs that the kinds of its tasks name. Its bytes depend on the network and ``metadata`` alone.

    Args:
        metadata: texts to store in the file besides ``tasks``, ``features`` and ``cuts``, the numbers that each task
            decides by.

    Raises:
        ParityError: if the two disagree; no file is written.
    """
    inputs = check if isinstance(check, Matrices) else check.inputs
    exported = ExportNetwork(network).eval()
    proto = graph_of(compact(network))
    require_dynamic_batch(proto)
    texts = {
        **metadata,
        "tasks": json.dumps([task.to_dict() for task in exported.tasks], sort_keys=True),
        "cuts": json.dumps(cuts_of(network, exported.tasks), sort_keys=True),
        "features": network.spec.to_json(),
    }
    onnx.helper.set_model_props(proto, dict(sorted(texts.items())))
    onnx.checker.check_model(proto, full_check=True)
    model = proto.SerializeToString(deterministic=True)
    check_parity(exported, model, inputs)
    path.write_bytes(model)


def cuts_of(network: Scoring, tasks: Iterable[Task]) -> dict[str, list[float]]:
    """The numbers that decisions follow from, by task; tasks that decide nothing are left out."""
    found = {task.name: network.head(task.name).cuts.tolist() for task in tasks}
    return {name: cuts for name, cuts in found.items() if cuts}


def graph_of(network: Scoring) -> onnx.ModelProto:
    """The network as an ONNX graph, without a trace of the machine."""
    exported = ExportNetwork(network).eval()
    spec = network.spec
    # an example of one row would freeze the batch dimension
    example = (torch.zeros(4, len(spec.numeric)), torch.zeros(4, len(spec.categorical), dtype=torch.int32))
    batch = torch.export.Dim("batch")
    with _quiet():
        program = torch.onnx.export(
            exported,
            example,
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=["numeric", "categorical"],
            output_names=exported.names,
            dynamic_shapes=({0: batch}, {0: batch}),
            verbose=False,
        )
    assert program is not None
    proto = strip(program.model_proto)
    fold(proto.graph)
    return proto


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's own deprecation notes and its word that torchvision is absent out of our log."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            warnings.filterwarnings("ignore", message="# The axis name: batch")
            yield
    finally:
        logger.setLevel(level)


def strip(proto: onnx.ModelProto) -> onnx.ModelProto:
    """Take out what names the exporting machine: nodes carry absolute source paths, so bytes would differ by folder."""
    proto.doc_string = ""
    graph = proto.graph
    graph.doc_string = ""
    del graph.value_info[:]
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.initializer, *proto.functions):
        part.doc_string = ""
        del part.metadata_props[:]
    for function in proto.functions:
        del function.value_info[:]
        for node in function.node:
            node.doc_string = ""
            del node.metadata_props[:]
    return proto


def require_dynamic_batch(proto: onnx.ModelProto) -> None:
    """Some layers export with the example's batch size frozen, without an error."""
    frozen = [
        value.name
        for value in (*proto.graph.input, *proto.graph.output)
        if not value.type.tensor_type.shape.dim[0].dim_param
    ]
    if frozen:
        raise ValueError(
            f"the exported graph has a fixed number of rows at {', '.join(frozen)}: a layer froze the batch"
        )
