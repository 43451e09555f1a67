"""A Bayesian linear model of all outcomes, whose weights have a covariance over the tasks that is learned."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from mtl_models import settings
from mtl_models.joint.base import Joint, Predict, Problem
from mtl_models.joint.evidence import Covariances, learn_covariances
from mtl_models.joint.links import Numbers, Scorer, as_numbers, linked_predictor


class BayesianLinear(Joint):
    """Bayesian linear regression of all outcomes with a learned covariance of the weights over tasks.

    An input's weights over the outcomes are drawn from one normal distribution; its covariance and each outcome's
    noise maximise the evidence, so neither valid nor a seed has an effect. Binary outcomes and classes are fitted by
    least squares on their numbers (see :class:`Numbers`), and turned into probabilities by logistic regression on
    scores of held-out training people: a calibrated classifier, not the posterior of a logistic model.

    Source:
        MacKay, Bayesian interpolation, Neural Computation (1992); Bonilla, Chai and Williams, Multi-task Gaussian
        process prediction, NIPS (2007), section 2, with a linear kernel.

    Differs:
        Labels may be missing and inputs hidden. Given the covariances, the posterior mean is exact; they are learned
        with an approximation where labels are missing (see :func:`learn_covariances`), and where inputs are hidden
        piece by piece (see :func:`covariances_of`).
    """

    class Options(settings.Options):
        """``tolerance``: relative change of the covariances at which to stop; ``max_steps``: at most."""

        tolerance: float = Field(default=1e-4, gt=0)
        max_steps: int = Field(default=1000, ge=1)

    def fit(self, problem: Problem, options: Options, seed: int) -> Predict:
        """The posterior mean under the covariances that the training rows make likeliest."""
        numbers = as_numbers(problem)
        covariances = covariances_of(problem.inputs, numbers, options)
        return linked_predictor(
            problem, numbers, lambda rows: posterior_mean(problem.inputs[rows], _of(numbers, rows), covariances)
        )


def covariances_of(inputs: np.ndarray, numbers: Numbers, options: BayesianLinear.Options) -> Covariances:
    """The covariances that make the labels likeliest.

    Where inputs are hidden from some outcomes, what the outcomes share is learned on the inputs that all see, and each
    outcome's noise and whatever more its weights vary on all that it sees itself.
    """

    def learn(seen: np.ndarray, outcomes: np.ndarray) -> Covariances:
        return learn_covariances(
            inputs[:, seen], numbers.targets[:, outcomes], tolerance=options.tolerance, max_steps=options.max_steps
        )

    n_outcomes = numbers.targets.shape[1]
    common = np.asarray(numbers.visible.all(axis=1))
    everyone = np.arange(n_outcomes)
    if common.all():
        return learn(common, everyone)
    prior = learn(common, everyone).prior if common.any() else np.zeros((n_outcomes, n_outcomes))
    noise = np.ones(n_outcomes)
    for outcome, seen in enumerate(numbers.visible.T):
        if seen.any():
            own = learn(seen, everyone[[outcome]])
            prior[outcome, outcome] = max(prior[outcome, outcome], own.prior[0, 0])
            noise[outcome] = own.noise[0]
    return Covariances(prior, noise)


def _of(numbers: Numbers, rows: np.ndarray) -> Numbers:
    return Numbers(numbers.targets[rows], numbers.visible, numbers.groups)


def posterior_mean(inputs: np.ndarray, numbers: Numbers, covariances: Covariances) -> Scorer:
    """Scores by the weights' exact posterior mean, given the covariances, flat priors on the intercepts.

    An outcome's weight of an input that it may not see is 0; the others keep their joint prior.

    Shape:
        inputs: ``(n, d)``.
    """
    visible = numbers.visible.T.astype(np.float64)
    values, vectors = np.linalg.eigh(covariances.prior)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    n_outcomes, n_inputs = visible.shape
    products = np.empty((n_outcomes, n_inputs, n_inputs))
    right, centres, means = np.empty_like(visible), np.empty_like(visible), np.zeros(n_outcomes)
    for outcome, target in enumerate(numbers.targets.T):
        known = ~np.isnan(target)
        rows = inputs[known]
        # an outcome without a label among these rows says nothing: its mean is that of all, 0
        centres[outcome], means[outcome] = (rows.mean(axis=0), target[known].mean()) if known.any() else (0.0, 0.0)
        centred = rows - centres[outcome]
        products[outcome] = centred.T @ centred / covariances.noise[outcome]
        right[outcome] = centred.T @ (target[known] - means[outcome]) / covariances.noise[outcome]

    def weigh(free: np.ndarray) -> np.ndarray:
        return np.asarray((root @ free.reshape(n_outcomes, n_inputs)) * visible)

    def apply(free: np.ndarray) -> np.ndarray:
        pulled = (products @ weigh(free)[:, :, None])[:, :, 0]
        return np.asarray(free.ravel() + (root @ (pulled * visible)).ravel())

    from scipy.sparse.linalg import LinearOperator, cg  # slow to import, and most commands fit nothing

    size = n_outcomes * n_inputs
    operator = LinearOperator((size, size), matvec=apply, dtype=np.float64)
    free, _ = cg(operator, (root @ (right * visible)).ravel(), rtol=1e-9, maxiter=10 * size)
    weights = weigh(free)
    intercepts = means - (weights * centres).sum(axis=1)
    return lambda rows: np.asarray(rows @ weights.T + intercepts)
