"""Multi-task learning as a bargaining game."""

from __future__ import annotations

import warnings
from typing import Any

from pydantic import Field
from torch import Tensor

from mtl_models import settings
from mtl_models.training.balancing.jacobian import GramianBalancer


class NashMTL(GramianBalancer):
    """The Nash bargaining solution between the tasks, each wanting the step along its own gradient.

    A task's own weight multiplies the weight found, which does not depend on the scale of a loss. Each set of tasks
    that occurs together in a batch has a solver of its own, since the solver starts from its last solution.

    Source: Navon et al., Multi-Task Learning as a Bargaining Game, ICML 2022, algorithm 1.
    """

    class Options(settings.Options):
        """``max_norm`` of the combined gradient, 0 for none; solved ``every`` so many steps in ``iterations``."""

        max_norm: float = Field(default=1.0, ge=0)
        every: int = Field(default=1, ge=1)
        iterations: int = Field(default=20, ge=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.solvers: dict[tuple[str, ...], Any] = {}

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of the rows."""
        from torchjd.aggregation import NashMTL as Solver

        if names not in self.solvers:
            self.solvers[names] = Solver(
                n_tasks=len(names),
                max_norm=self.options.max_norm,
                update_weights_every=self.options.every,
                optim_niter=self.options.iterations,
            )
        with warnings.catch_warnings():
            # the solver warns of inaccurate solutions, which the next iteration starts from
            warnings.simplefilter("ignore")
            weights: Tensor = self.solvers[names].weighting(rows)
        return weights * preference
