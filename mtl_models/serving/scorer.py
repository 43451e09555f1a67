"""Scores from an exported model file: onnxruntime, numpy and polars, without torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import onnxruntime
import polars as pl

from mtl_models.data.dataset import PERSON, FeatureSpec, Matrices, to_matrices
from mtl_models.data.tasks import Task, load_tasks
from mtl_models.kinds import kind_of

# 256 to 4,096 rows a call are fastest; one giant batch takes 2 to 4 times as long
SLICE = 1024


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

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        """Load a model file.

        Raises:
            ValueError: if the checksum is not ``sha256``, or the file does not describe itself.
        """
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

    def score(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Scores of the people of a feature table, in its order: ``person_id`` and :func:`score_columns`.

        Raises:
            ValueError: if a feature is missing, or a prediction is not a finite number.
        """
        outputs = run_session(self._session, to_matrices(frame, self.spec))
        columns: list[pl.Series] = [frame[PERSON].cast(pl.String)]
        for task in self.tasks:
            columns += kind_of(task).scores(task, outputs)
        scores = pl.DataFrame(columns)
        if faulty := [name for name, n in _n_not_finite(scores).items() if n]:
            raise ValueError(f"the model gave no finite number in {', '.join(faulty)}: score with an earlier model")
        return scores.cast(dict(score_columns(self.tasks)))  # type: ignore[arg-type]


def _n_not_finite(scores: pl.DataFrame) -> dict[str, int]:
    """Number of cells that are not finite, by float column."""
    floats = scores.select(pl.selectors.float())
    return {column.name: int((~column.is_finite()).sum()) for column in floats}
