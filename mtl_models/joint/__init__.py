"""Multi-task models without networks, by name; a new one is a file and a line in ``JOINT``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_models.registry import Registry

if TYPE_CHECKING:
    from mtl_models.joint.base import Joint

JOINT: Registry[Joint] = Registry(
    __name__,
    {
        "group_sparse": "group_sparse:GroupSparse",
        "clustered": "clustered:Clustered",
        "bayesian_linear": "bayesian_linear:BayesianLinear",
        "gaussian_process": "gaussian_process:GaussianProcess",
    },
    called=True,
)

__all__ = ["JOINT"]
