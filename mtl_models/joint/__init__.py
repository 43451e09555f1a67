"""Multi-task models without networks, by name; a new one is a file and a line in ``JOINT``."""

from __future__ import annotations

from mtl_models.joint.base import FitJointly, Hidden, Joint
from mtl_models.joint.bayesian_linear import BayesianLinear
from mtl_models.joint.clustered import Clustered
from mtl_models.joint.gaussian_process import GaussianProcess
from mtl_models.joint.group_sparse import GroupSparse

JOINT: dict[str, Joint] = {
    "group_sparse": GroupSparse(),
    "clustered": Clustered(),
    "bayesian_linear": BayesianLinear(),
    "gaussian_process": GaussianProcess(),
}

__all__ = ["JOINT", "FitJointly", "Hidden", "Joint"]
