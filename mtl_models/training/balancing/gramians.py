"""Gradients' lengths and angles, and the quadratic programs over them: no constant here is in a gradient's unit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

# added to the diagonal of the cosines, so that the solvers see a positive definite matrix; the first that works
RIDGES = (1e-10, 1e-8, 1e-6, 1e-4)


def lengths_and_cosines(rows: Tensor) -> tuple[Tensor, Tensor]:
    """The length of each row, and the cosines between them, in float64 on the CPU.

    Shape:
        ``(n_rows, n_columns)``, no row zero, to ``(n_rows,)`` and ``(n_rows, n_rows)``.
    """
    # the square of the smallest float32 is far from the smallest float64: nothing vanishes
    wide = rows.detach().double().cpu()
    gramian = wide @ wide.T
    lengths = gramian.diagonal().sqrt()
    return lengths, gramian / lengths[:, None] / lengths


def with_ridge(solve: Callable[[float], np.ndarray | None]) -> np.ndarray:
    """The first answer of a solver that is given ever more ridge.

    Raises:
        ValueError: if there is none at all.
    """
    for ridge in RIDGES:
        try:
            found = solve(ridge)
        except ValueError:  # not positive definite in the eyes of the solver
            continue
        if found is not None and np.isfinite(found).all():
            return found
    raise ValueError("no quadratic program over the gradients has an answer")


def shortest(lengths: Tensor, cosines: Tensor) -> Tensor:
    """Weights, not below zero and of sum 1, of the shortest weighted mean of vectors.

    Shape:
        ``(n_rows,)`` and ``(n_rows, n_rows)`` to ``(n_rows,)``.
    """
    from qpsolvers import solve_qp

    n = len(lengths)
    # over weight times length, so that short and long vectors count with the same precision
    per_length = (lengths.min() / lengths).numpy()

    def solve(ridge: float) -> np.ndarray | None:
        gram = cosines.numpy() + ridge * np.eye(n)
        found: np.ndarray | None = solve_qp(
            gram, np.zeros(n), A=per_length[None], b=np.ones(1), lb=np.zeros(n), solver="quadprog"
        )
        return found

    weights = torch.from_numpy(np.maximum(with_ridge(solve), 0) * per_length)
    return weights / weights.sum()


def bargained(cosines: Tensor) -> Tensor:
    """The positive ``b`` with ``(cosines @ b) * b = 1`` in every place.

    It is where ``b @ cosines @ b / 2 - sum(log(b))`` is least, a convex function, by damped Newton steps.

    Shape:
        ``(n_rows, n_rows)`` to ``(n_rows,)``.
    """
    n = len(cosines)
    matrix = cosines + RIDGES[1] * torch.eye(n, dtype=cosines.dtype)
    found = torch.ones(n, dtype=cosines.dtype)
    for _ in range(200):
        slope = matrix @ found - 1 / found
        step = torch.linalg.solve(matrix + torch.diag(found**-2), slope)
        decrement = float((slope @ step).clamp(min=0).sqrt())
        if decrement < 1e-10:
            break
        # of a self-concordant function: this damping keeps every entry positive and never overshoots
        found = found - step / (1 + decrement)
    return found
