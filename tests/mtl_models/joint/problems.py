"""Small regression problems for the joint models' own functions."""

from __future__ import annotations

import numpy as np

from mtl_models.data.tasks import Task
from mtl_models.joint.base import Problem
from mtl_models.joint.columns import Column


def regressions(inputs: np.ndarray, targets: np.ndarray, visible: np.ndarray | None = None) -> Problem:
    """A problem of regression columns as they are, a task each; NaN where a label is missing."""
    columns = tuple(
        Column(task=Task(name=f"t{index}", kind="regression"), form="number", target=target, valid_target=target[:0])
        for index, target in enumerate(targets.T)
    )
    shape = (inputs.shape[1], len(columns))
    return Problem(inputs, inputs[:0], columns, np.ones(shape, dtype=bool) if visible is None else visible)


def drawn(n: int, d: int, k: int, *, seed: int = 0, missing: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets that depend on half of the inputs, some labels missing."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(n, d))
    weights = random.normal(size=(d, 1)) + 0.5 * random.normal(size=(d, k))
    weights[d // 2 :] = 0
    targets = inputs @ weights + random.normal(size=(n, k)) + random.normal(size=k)
    targets[random.random(targets.shape) < missing] = np.nan
    return inputs, targets
