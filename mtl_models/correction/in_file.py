"""Corrections inside an exported file: a last step of each head, before the probabilities; proven equal to numpy."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mtl_models.correction.record import KEY, Correction
from mtl_models.correction.scales import SCALES
from mtl_models.data.dataset import Matrices
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.kinds import kind_of
from mtl_models.serving.scorer import open_session, run_session

TOLERANCE = 1e-5
BATCH_SIZES = (1, 2, 7, 1025)
# what may stand between the probabilities and the output that holds them
_PASSED = ("Squeeze", "Unsqueeze", "Reshape", "Flatten", "Identity", "Gather", "Slice")


def corrections_of(metadata: Mapping[str, str]) -> dict[str, Correction]:
    """The corrections that a file says it holds, by task; none of a file as it was exported."""
    held: dict[str, dict[str, object]] = json.loads(metadata.get(KEY, "{}"))
    return {name: Correction.from_dict(record) for name, record in held.items()}


def correct(model: bytes, corrections: Mapping[str, Correction]) -> bytes:
    """Put corrections into a file that has none; inputs, outputs and all else that it says of itself stay.

    Args:
        model: an exported file.
        corrections: by task; what changes nothing is left out.

    Raises:
        ValueError: if the file is corrected already, or its graph has no place for a correction.
    """
    proto = onnx.load_model_from_string(model)
    texts = {each.key: each.value for each in proto.metadata_props}
    if KEY in texts:
        raise ValueError("the file is corrected already: correct the file that it was made from")
    tasks = {task.name: task for task in load_tasks(json.loads(texts["tasks"]))}
    changing = {name: each for name, each in corrections.items() if not each.changes_nothing}
    for name, correction in changing.items():
        _put_in(proto.graph, tasks[name], correction)
    texts[KEY] = json.dumps({name: each.to_dict() for name, each in sorted(changing.items())}, sort_keys=True)
    helper.set_model_props(proto, dict(sorted(texts.items())))
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def _put_in(graph: onnx.GraphProto, task: Task, correction: Correction) -> None:
    """Multiply and add: before the step that gives probabilities, or behind the number."""
    slope, shift = (
        numpy_helper.from_array(np.array(values, np.float32).reshape(1, -1), f"{task.name}__{what}")
        for what, values in (("slope", correction.slope), ("shift", correction.shift))
    )
    step, output = SCALES[correction.scale].step, kind_of(task).output_names(task)[0]
    if step:
        place, node = _step_before(graph, output, step)
        read = node.input[0]
        node.input[0] = f"{task.name}__corrected"
        names = (read, f"{task.name}__corrected")
    else:
        place = next(place for place, node in enumerate(graph.node) if output in node.output) + 1
        names = (f"{task.name}__uncorrected", output)
        for node in graph.node:
            for names_of in (node.input, node.output):
                for index, name in enumerate(names_of):
                    names_of[index] = names[0] if name == output else name
        slope, shift = (
            numpy_helper.from_array(numpy_helper.to_array(each).reshape(-1), each.name) for each in (slope, shift)
        )
    graph.initializer.extend([slope, shift])
    steeper = f"{task.name}__steeper"
    graph.node.insert(place, helper.make_node("Mul", [names[0], slope.name], [steeper], f"{task.name}__slope"))
    graph.node.insert(place + 1, helper.make_node("Add", [steeper, shift.name], [names[1]], f"{task.name}__shift"))


def _step_before(graph: onnx.GraphProto, output: str, step: str) -> tuple[int, onnx.NodeProto]:
    """The step that gives an output's probabilities, and its place in the graph."""
    makers = {name: (place, node) for place, node in enumerate(graph.node) for name in node.output}
    name = output
    while name in makers:
        place, node = makers[name]
        if node.op_type == step:
            return place, node
        if node.op_type not in _PASSED:
            break
        name = node.input[0]
    raise ValueError(f"output {output} does not come from a {step}: this file cannot be corrected")


def check_correction(model: bytes, corrected: bytes, corrections: Mapping[str, Correction], inputs: Matrices) -> None:
    """Compare every output of a corrected file with numpy's correction of the file before, at several batch sizes.

    numpy corrects what stands before the probabilities, which is read out of the file before; so nothing is lost where
    a probability is nearly 1.

    Raises:
        ValueError: naming the output and the largest difference; or for no row to compare on.
    """
    if not len(inputs):
        raise ValueError("parity needs at least one row to compare on")
    proto = onnx.load_model_from_string(model)
    texts = {each.key: each.value for each in proto.metadata_props}
    tasks = [task for task in load_tasks(json.loads(texts["tasks"])) if task.role == "main"]
    cuts = {task.name: np.array(json.loads(texts.get("cuts", "{}")).get(task.name, _first(task))) for task in tasks}
    before = open_session(_with_values(proto, [task for task in tasks if task.name in corrections]))
    after = open_session(corrected)
    for size in BATCH_SIZES:
        rows = np.resize(np.arange(len(inputs)), size)
        batch = Matrices(inputs.numeric[rows], inputs.categorical[rows])
        ours, theirs = run_session(before, batch), run_session(after, batch)
        for task in tasks:
            where = f"task {task.name} at batch size {size}"
            _compare(where, task, corrections.get(task.name), cuts[task.name], ours, theirs)


def _with_values(proto: onnx.ModelProto, tasks: Sequence[Task]) -> bytes:
    """The file with what stands before the probabilities of tasks as further outputs."""
    for task in tasks:
        if step := SCALES[kind_of(task).scale].step:
            _, node = _step_before(proto.graph, kind_of(task).output_names(task)[0], step)
            proto.graph.node.append(helper.make_node("Identity", [node.input[0]], [_values(task)]))
            shape: list[str | int | None] = ["batch", task.n_outputs]
            proto.graph.output.append(helper.make_tensor_value_info(_values(task), TensorProto.FLOAT, shape))
    return bytes(proto.SerializeToString())


def _values(task: Task) -> str:
    return f"{task.name}__values"


def _compare(
    where: str,
    task: Task,
    correction: Correction | None,
    cuts: np.ndarray,
    ours: Mapping[str, np.ndarray],
    theirs: Mapping[str, np.ndarray],
) -> None:
    for name, expected in _expected(task, correction, ours):
        found = theirs[name]
        if expected.shape != found.shape or not np.isfinite(found).all():
            raise ValueError(f"{where}: the corrected file gives {found.shape} or no finite number in {name}")
        if expected.dtype == np.int64:
            if not _is_decided(task, cuts, theirs[f"{task.name}__p"], found):
                raise ValueError(f"{where}: decisions are not those of the corrected probabilities")
            continue
        gap = float(np.abs(expected - found).max()) / max(1.0, float(np.abs(expected).max()))
        if gap > TOLERANCE:
            raise ValueError(f"{where}: numpy and onnxruntime differ by {gap:.1e} in {name}, more than {TOLERANCE:.0e}")


def _first(task: Task) -> list[float]:
    """What a file decides by that does not say it."""
    return kind_of(task).first_cuts(task)


def _is_decided(task: Task, cuts: np.ndarray, probabilities: np.ndarray, found: np.ndarray) -> bool:
    """Whether decisions follow from probabilities; at the edge of another one they may be that one."""
    said = probabilities.reshape(len(found), -1).astype(np.float64)
    aside = TOLERANCE * (np.arange(said.shape[1]) if kind_of(task).form == "classes" else np.ones(said.shape[1]))
    near = [kind_of(task).decided(task, said + sign * aside, cuts).reshape(found.shape) for sign in (-1, 0, 1)]
    return bool(np.any([each == found for each in near], axis=0).all())


def _expected(
    task: Task, correction: Correction | None, ours: Mapping[str, np.ndarray]
) -> Iterator[tuple[str, np.ndarray]]:
    """What each output of a task should be; of a decision only its form."""
    names = kind_of(task).output_names(task)
    if correction is None or correction.changes_nothing:
        yield from ((name, ours[name]) for name in names)
        return
    first, scale = ours[names[0]], SCALES[correction.scale]
    values = ours[_values(task)] if scale.step else first.reshape(len(first), -1)
    yield names[0], scale.back(correction.on_scale(values.astype(np.float64))).reshape(first.shape)
    yield from ((name, ours[name]) for name in names[1:])
