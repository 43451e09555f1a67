"""A multi-task Gaussian process for small studies; needs the optional extra ``gp``."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mtl_models import settings
from mtl_models.extras import install_words, is_installed
from mtl_models.joint.base import Joint, Predict, Problem
from mtl_models.joint.links import as_numbers, linked_predictor


class GaussianProcess(Joint):
    """A Gaussian process over inputs and tasks (GPyTorch), exact, for at most ``max_labels`` labels.

    The covariance of two labels is a linear and a squared-exponential kernel of the inputs, each times a learned
    covariance of the tasks (Hadamard product), so that a missing label is simply not there; labels of one person have
    a covariance beyond that, and each outcome its own noise. Hyperparameters maximise the marginal likelihood from
    one fixed start, so neither valid nor a seed has an effect. Binary outcomes and classes are fitted by least squares
    on their numbers (see :class:`Numbers`), and turned into probabilities by logistic regression on scores of held-out
    training people: a calibrated classifier, not the posterior of a process with a logistic likelihood.

    Source:
        Bonilla, Chai and Williams, Multi-task Gaussian process prediction, NIPS (2007), section 2.

    Differs:
        Two kernels of the inputs instead of one, and the person's. The length scale of the second has a lower bound,
        the root of the number of inputs: on a shorter one rare outcomes are learned by heart. What a task may not see
        is 0 in its labels' inputs.
    """

    class Options(settings.Options):
        """``max_labels``: refuse more, since time grows with their cube and memory with their square.

        ``rank``: of the tasks' covariances, beside their diagonals. ``steps`` and ``learning_rate``: of Adam.
        """

        max_labels: int = Field(default=2500, ge=1)
        rank: int = Field(default=1, ge=1)
        steps: int = Field(default=40, ge=1)
        learning_rate: float = Field(default=0.1, gt=0)

    def require(self) -> None:
        """Check that GPyTorch is installed.

        Raises:
            ValueError: saying how to install it.
        """
        if not is_installed("gpytorch"):
            raise ValueError(install_words("gaussian_process", "gpytorch", "gp"))

    def fit(self, problem: Problem, options: Options, seed: int) -> Predict:
        """The posterior mean under the hyperparameters that the training rows make likeliest.

        Raises:
            ValueError: for more labels than ``max_labels``, or without GPyTorch.
        """
        self.require()
        from mtl_models.joint import hadamard

        numbers = as_numbers(problem)
        n_labels = int((~np.isnan(numbers.targets)).sum())
        if n_labels > options.max_labels:
            raise ValueError(
                f"gaussian_process: {n_labels} labels to train on, more than the {options.max_labels} of `max_labels`; "
                "it is meant for small studies, bayesian_linear takes larger ones"
            )
        labels = hadamard.Labels.of(problem.inputs, numbers)
        process = hadamard.learn(labels, rank=options.rank, steps=options.steps, learning_rate=options.learning_rate)
        return linked_predictor(problem, numbers, process.posterior)
