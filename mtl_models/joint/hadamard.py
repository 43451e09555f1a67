"""The process of ``gaussian_process`` in GPyTorch: one observation a label, known by its inputs and its outcome."""

from __future__ import annotations

from dataclasses import dataclass

import gpytorch
import numpy as np
import torch
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import IndexKernel, LinearKernel, RBFKernel
from gpytorch.likelihoods import HadamardGaussianLikelihood
from torch import Tensor

from mtl_models.joint.links import Numbers, Scorer
from mtl_models.training.reproducible import reproducible

# share of an outcome's variance: a class is what the others leave, and its labels' matrix would be singular without
LEAST_NOISE = 0.01


@dataclass(frozen=True)
class Labels:
    """The labels that there are.

    Shape:
        inputs: ``(n_labels, d)``, 0 where the outcome may not see; outcome, row, target: ``(n_labels,)``, ``row`` the
        training row; visible: ``(q, d)``.
    """

    inputs: Tensor
    outcome: Tensor
    row: Tensor
    target: Tensor
    visible: Tensor

    @classmethod
    def of(cls, inputs: np.ndarray, numbers: Numbers) -> Labels:
        """The labels of the training rows."""
        row, outcome = (torch.from_numpy(each) for each in np.nonzero(~np.isnan(numbers.targets)))
        visible = torch.from_numpy(numbers.visible.T.astype(np.float64))
        target = torch.from_numpy(numbers.targets)[row, outcome]
        return cls(torch.from_numpy(inputs)[row] * visible[outcome], outcome, row, target, visible)

    def take(self, chosen: Tensor) -> Labels:
        """Some of the labels."""
        return Labels(self.inputs[chosen], self.outcome[chosen], self.row[chosen], self.target[chosen], self.visible)


class Process(gpytorch.models.ExactGP):  # type: ignore[misc]
    """Linear plus squared-exponential kernel of the inputs, and the person, each times a covariance of the outcomes."""

    def __init__(self, labels: Labels, rank: int) -> None:
        n_outcomes, n_inputs = labels.visible.shape
        likelihood = HadamardGaussianLikelihood(num_tasks=n_outcomes, noise_constraint=GreaterThan(LEAST_NOISE))
        super().__init__((labels.inputs, labels.outcome[:, None]), labels.target, likelihood)
        self.labels, self.outcomes = labels, torch.eye(n_outcomes, dtype=torch.float64)
        # people are about the root of 2 d apart: on a shorter scale a rare outcome, 0 among nearly all neighbours, is
        # learned by heart
        scale = float(np.sqrt(n_inputs))
        self.linear, self.smooth = LinearKernel(), RBFKernel(lengthscale_constraint=GreaterThan(scale))
        self.linear_tasks, self.smooth_tasks, self.person_tasks = (
            IndexKernel(num_tasks=n_outcomes, rank=min(rank, n_outcomes)) for _ in range(3)
        )
        self.double()
        self.linear.variance = 1 / n_inputs
        self.linear.raw_variance.requires_grad_(False)  # the covariance of the outcomes already has this scale
        self.smooth.lengthscale = 1.5 * scale
        self.likelihood.noise = torch.full((n_outcomes,), 0.5, dtype=torch.float64)
        for tasks in (self.linear_tasks, self.smooth_tasks, self.person_tasks):
            _start(tasks)

    def latent(self, inputs: Tensor, outcome: Tensor, others: Labels) -> Tensor:
        """Covariance of the values that rows have for outcomes with those behind some labels."""
        # by products with 0 and 1, many times faster than the kernel's own interpolation
        rows, columns = self.outcomes[outcome], self.outcomes[others.outcome]
        linear = self.linear(inputs, others.inputs).to_dense() * (rows @ _covariance(self.linear_tasks) @ columns.T)
        smooth = self.smooth(inputs, others.inputs).to_dense() * (rows @ _covariance(self.smooth_tasks) @ columns.T)
        return torch.as_tensor(linear + smooth)

    def prior(self, labels: Labels) -> Tensor:
        """Covariance of labels, but for their noise: labels of one person have more in common than inputs tell."""
        rows = self.outcomes[labels.outcome]
        person = (labels.row[:, None] == labels.row) * (rows @ _covariance(self.person_tasks) @ rows.T)
        return self.latent(labels.inputs, labels.outcome, labels) + person

    def forward(self, inputs: Tensor, outcome: Tensor) -> gpytorch.distributions.MultivariateNormal:
        """The prior of the training labels, which is all that GPyTorch is asked for."""
        return gpytorch.distributions.MultivariateNormal(torch.zeros_like(self.labels.target), self.prior(self.labels))

    def posterior(self, rows: np.ndarray) -> Scorer:
        """Scores by the posterior mean given the labels of some of the training rows. Shape: rows: ``(n_train,)``."""
        labels = self.labels.take(torch.from_numpy(rows)[self.labels.row])
        with reproducible(0, threads=1), torch.no_grad():
            matrix = self.prior(labels) + torch.diag(self.likelihood.noise[labels.outcome])
            weights = torch.cholesky_solve(labels.target[:, None], torch.linalg.cholesky(matrix))

        def score(inputs: np.ndarray) -> np.ndarray:
            found = []
            with reproducible(0, threads=1), torch.no_grad():
                for index, visible in enumerate(labels.visible):
                    outcome = torch.full((len(inputs),), index)
                    found.append(self.latent(torch.from_numpy(inputs) * visible, outcome, labels) @ weights)
            return torch.cat(found, dim=1).numpy()

        return score


def _covariance(tasks: IndexKernel) -> Tensor:
    return torch.as_tensor(tasks.covar_matrix.to_dense())


def _start(tasks: IndexKernel) -> None:
    """Where the search starts: slightly kin outcomes, columns of different signs for gradients to tell apart."""
    n_outcomes, rank = tasks.covar_factor.shape
    signs = [[(-1.0) ** (row >> column & 1) if column else 1.0 for column in range(rank)] for row in range(n_outcomes)]
    tasks.initialize(covar_factor=0.2 * torch.tensor(signs, dtype=torch.float64))
    tasks.var = torch.full((n_outcomes,), 0.2, dtype=torch.float64)


def learn(labels: Labels, *, rank: int, steps: int, learning_rate: float) -> Process:
    """The process whose hyperparameters Adam climbed to on the exact marginal likelihood, on one thread."""
    exact = gpytorch.settings.fast_computations(covar_root_decomposition=False, log_prob=False, solves=False)
    with reproducible(0, threads=1), exact:
        process = Process(labels, rank)
        process.train()
        evidence = gpytorch.mlls.ExactMarginalLogLikelihood(process.likelihood, process)
        optimiser = torch.optim.Adam([each for each in process.parameters() if each.requires_grad], lr=learning_rate)
        inputs = labels.inputs, labels.outcome[:, None]
        for _ in range(steps):
            optimiser.zero_grad()
            loss = -evidence(process(*inputs), labels.target, inputs[1])
            loss.backward()
            optimiser.step()
        process.eval()
        return process
