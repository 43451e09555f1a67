"""Scores from an exported model file: onnxruntime, numpy and polars, without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnxruntime
import polars as pl

from mtl_models.data.dataset import PERSON, FeatureSpec, Matrices, to_matrices
from mtl_models.data.tables import read_table
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.kinds import kind_of

Frame = TypeVar("Frame")
# what a call computes then stays in the processor's cache: `python -m benchmarks.exported`
SLICE = 256


def open_session(model: bytes) -> onnxruntime.InferenceSession:
    """An onnxruntime session of one thread that gives its memory back."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    # warnings and errors print tensor values
    options.log_severity_level = 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_session(session: onnxruntime.InferenceSession, inputs: Matrices) -> dict[str, np.ndarray]:
    """Every output of the model by name, in slices."""
    if not len(inputs):
        # onnxruntime 1.31 kills the process (SIGFPE in Transpose) on some graphs for a batch of no rows: score a blank
        # one for the outputs' shapes and drop it
        blank = Matrices(*(np.zeros((1, part.shape[1]), part.dtype) for part in (inputs.numeric, inputs.categorical)))
        return {name: output[:0] for name, output in run_session(session, blank).items()}
    names = [output.name for output in session.get_outputs()]
    slices = []
    for start in range(0, len(inputs), SLICE):
        feed = {
            "numeric": inputs.numeric[start : start + SLICE],
            "categorical": inputs.categorical[start : start + SLICE],
        }
        slices.append(session.run(names, feed))
    return {name: np.concatenate(parts) for name, parts in zip(names, zip(*slices, strict=True), strict=True)}


def score_columns(tasks: Iterable[Task]) -> dict[str, pl.DataType]:
    """Names and types of the score columns, in order, without those of auxiliary tasks."""
    columns: dict[str, pl.DataType] = {}
    for task in tasks:
        if task.role == "main":
            columns |= kind_of(task).score_types(task)
    return columns


class Scorer:
    """A model file, ready to score feature tables.

    Attributes:
        sha256: checksum of the file.
        metadata: all that the file says about itself.
        tasks: the tasks that it scores.
        spec: the features that it needs.
    """

    def __init__(self, path: Path | str, sha256: str | None = None) -> None:
        """Load a model file.

        Raises:
            ValueError: if the checksum is not ``sha256``, or the file does not describe itself.
        """
        path = Path(path)
        model = path.read_bytes()
        self.sha256 = hashlib.sha256(model).hexdigest()
        if sha256 is not None and sha256 != self.sha256:
            raise ValueError(
                f"{path.name} has checksum {self.sha256[:12]}..., expected {sha256[:12]}...: the file was changed or "
                "damaged; restore it from the registry or export the model again"
            )
        self._session = open_session(model)
        self.metadata: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map
        if missing := {"tasks", "features"} - set(self.metadata):
            raise ValueError(f"{path.name} lacks {', '.join(sorted(missing))} in its metadata: export the model again")
        self.tasks = load_tasks(json.loads(self.metadata["tasks"]))
        self.spec = FeatureSpec.from_json(self.metadata["features"])

    def score(self, frame: Frame) -> Frame:
        """Scores of the people of a feature table, in its order: the key of a person and :func:`score_columns`.

        Args:
            frame: Polars or pandas; the scores are the same kind of frame. The key is ``person_id``, or what the file
                calls so under ``key``; a frame without it is scored without.

        Raises:
            ValueError: if a feature is missing, or a prediction is not a finite number.
        """
        table = read_table(frame)
        scores = score_frame(self.tasks, run_session(self._session, to_matrices(table.frame, self.spec)))
        given: Frame = table.give(with_key(table.frame, scores, self.metadata.get("key") or PERSON))
        return given


def with_key(frame: pl.DataFrame, scores: pl.DataFrame, key: str) -> pl.DataFrame:
    """Scores with the key of each person first, where the frame has it."""
    return scores.insert_column(0, frame[key]) if key in frame.columns else scores


def score_frame(tasks: Iterable[Task], outputs: Mapping[str, np.ndarray]) -> pl.DataFrame:
    """The score columns of the main tasks, from the outputs of a file by their names.

    Raises:
        ValueError: if a prediction is not a finite number.
    """
    tasks = tuple(task for task in tasks if task.role == "main")
    columns = [column for task in tasks for column in kind_of(task).scores(task, outputs)]
    scores = pl.DataFrame(columns)
    if faulty := [name for name, n in _n_not_finite(scores).items() if n]:
        raise ValueError(f"the model gave no finite number in {', '.join(faulty)}: score with an earlier model")
    return scores.cast(dict(score_columns(tasks)))  # type: ignore[arg-type]


def _n_not_finite(scores: pl.DataFrame) -> dict[str, int]:
    """Number of cells that are not finite, by float column."""
    floats = scores.select(pl.selectors.float())
    return {column.name: int((~column.is_finite()).sum()) for column in floats}
