"""Steps of an exported graph that a linear layer can do at no cost, folded into it."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper


def fold(graph: onnx.GraphProto) -> None:
    """Let linear layers turn their inputs, and scale and shift their outputs by constants."""
    _fold_turns(graph)
    for name in ("Mul", "Add"):
        _fold_constants(graph, name)
    _drop_unread(graph)


def _fold_turns(graph: onnx.GraphProto) -> None:
    """Let a layer read a matrix before it is turned."""
    turned = {node.output[0]: node.input[0] for node in graph.node if _turns(node)}
    for node in graph.node:
        if node.op_type == "Gemm" and node.input[0] in turned:
            turn = next(each for each in node.attribute if each.name == "transA")
            turn.i, node.input[0] = 1 - turn.i, turned[node.input[0]]


def _turns(node: onnx.NodeProto) -> bool:
    return node.op_type == "Transpose" and [list(each.ints) for each in node.attribute] == [[1, 0]]


def _fold_constants(graph: onnx.GraphProto, name: str) -> None:
    """Change the weights of layers whose outputs are multiplied by, or added to, one number and read nowhere else."""
    constants = {each.name: each for each in graph.initializer}
    layers = {node.output[0]: node for node in graph.node if _is_layer(node)}
    for node in list(graph.node):
        if node.op_type != name or node.input[0] not in layers or node.input[1] not in constants:
            continue
        layer, number = layers[node.input[0]], numpy_helper.to_array(constants[node.input[1]])
        own = [*layer.input[1:], layer.output[0]]
        if number.shape not in ((), (1,)) or any(_n_readers(graph, each) > 1 for each in own):
            continue
        if not all(each in constants for each in layer.input[1:]):
            continue
        for part in (constants[each] for each in layer.input[1 if name == "Mul" else 2 :]):
            before = numpy_helper.to_array(part)
            after = before * number if name == "Mul" else before + number
            part.CopyFrom(numpy_helper.from_array(after.astype(before.dtype), part.name))
        layer.output[0] = node.output[0]
        graph.node.remove(node)


def _is_layer(node: onnx.NodeProto) -> bool:
    """A product with a bias, neither of them scaled."""
    factors = [each.f for each in node.attribute if each.name in ("alpha", "beta")]
    return node.op_type == "Gemm" and len(node.input) == 3 and all(np.equal(factors, 1))


def _n_readers(graph: onnx.GraphProto, name: str) -> int:
    readers = [*(each.name for each in graph.output), *(each for node in graph.node for each in node.input)]
    return readers.count(name)


def _drop_unread(graph: onnx.GraphProto) -> None:
    """Take out steps and constants that nothing reads any more."""
    wanted = {each.name for each in graph.output}
    nodes = []
    for node in reversed(graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            nodes.append(node)
    constants = [each for each in graph.initializer if each.name in wanted]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(nodes))
    graph.initializer.extend(constants)
