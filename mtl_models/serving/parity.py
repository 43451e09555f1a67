"""The same numbers from torch and from onnxruntime, or no export."""

from __future__ import annotations

import numpy as np
import torch

from mtl_models.data.dataset import Matrices
from mtl_models.serving.exported import ExportNetwork
from mtl_models.serving.scorer import open_session, run_session

TOLERANCE = 1e-5
BATCH_SIZES = (1, 2, 7, 1025)


class ParityError(ValueError):
    """torch and onnxruntime differ by more than the tolerance."""


def check_parity(exported: ExportNetwork, model: bytes, inputs: Matrices) -> None:
    """Compare every output of the file with torch's, at several batch sizes.

    Probabilities are compared as they are and numbers on the standardised scale, since neighbouring float32 numbers
    are 1.5e-5 apart at 190 mg/dL. A decision may differ only where its probability stands at the edge of another.

    Raises:
        ParityError: naming the output, the batch size and the largest difference.
        ValueError: for no row to compare on.
    """
    if not len(inputs):
        raise ValueError("parity needs at least one row to compare on")
    session = open_session(model)
    for size in BATCH_SIZES:
        rows = np.resize(np.arange(len(inputs)), size)
        batch = Matrices(inputs.numeric[rows], inputs.categorical[rows])
        with torch.no_grad():
            ours = exported(torch.from_numpy(batch.numeric), torch.from_numpy(batch.categorical))
        expected = {name: output.numpy() for name, output in zip(exported.names, ours, strict=True)}
        found = run_session(session, batch)
        for name in exported.names:
            _compare(exported, name, expected, found, size)


def _compare(
    exported: ExportNetwork, name: str, expected: dict[str, np.ndarray], found: dict[str, np.ndarray], size: int
) -> None:
    """Compare one output."""
    where = f"output {name} at batch size {size}"
    ours, theirs = expected[name], found[name]
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        raise ParityError(f"{where}: torch gives {ours.dtype}{ours.shape}, onnxruntime {theirs.dtype}{theirs.shape}")
    head = exported.network.head(name.removesuffix("__p"))
    if ours.dtype == np.int64:
        # as wide as a head's predictions: (n, 1) for a binary task, whose output is flat
        probabilities = torch.from_numpy(expected[f"{name}__p"]).reshape(size, head.task.n_outputs)
        edge = head.margin(probabilities).reshape(ours.shape).numpy() < 10 * TOLERANCE
        if n := int(((ours != theirs) & ~edge).sum()):
            raise ParityError(f"{where}: {n} of {ours.size} decisions differ")
        return
    if not (np.isfinite(ours).all() and np.isfinite(theirs).all()):
        raise ParityError(f"{where}: a prediction is not a finite number")
    gap = float(np.abs(ours.astype(np.float64) - theirs).max()) / head.unit
    if gap > TOLERANCE:
        raise ParityError(f"{where}: torch and onnxruntime differ by {gap:.1e}, more than {TOLERANCE:.0e}")
