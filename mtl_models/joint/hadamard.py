"""The process of ``gaussian_process`` in GPyTorch: one observation a label, known by its inputs and its outcome."""

from __future__ import annotations

from dataclasses import dataclass

import gpytorch
import numpy as np
import torch
from gpytorch.kernels import IndexKernel, LinearKernel, RBFKernel
from torch import Tensor

from mtl_models.joint.links import Numbers, Scorer
from mtl_models.reproducible import reproducible


@dataclass(frozen=True)
class Labels:
    """The labels that there are.

    Shape:
        inputs: ``(n_labels, d)``, 0 where the outcome may not see; outcome, target: ``(n_labels,)``; row: ``(n_labels,)``
        numpy, the training row of each; visible: ``(q, d)``.
    """

    inputs: Tensor
    outcome: Tensor
    target: Tensor
    row: np.ndarray
    visible: Tensor

    @classmethod
    def of(cls, inputs: np.ndarray, numbers: Numbers) -> Labels:
        """The labels of the training rows."""
        row, outcome = np.nonzero(~np.isnan(numbers.targets))
        visible = torch.from_numpy(numbers.visible.T.astype(np.float64))
        index = torch.from_numpy(outcome)
        seen = torch.from_numpy(inputs[row]) * visible[index]
        return cls(seen, index, torch.from_numpy(numbers.targets[row, outcome]), row, visible)


class Process(gpytorch.models.ExactGP):
    """Linear plus squared-exponential kernel of the inputs, each times a covariance of the outcomes."""

    def __init__(self, labels: Labels, rank: int) -> None:
        n_outcomes, n_inputs = labels.visible.shape
        likelihood = gpytorch.likelihoods.HadamardGaussianLikelihood(num_tasks=n_outcomes)
        super().__init__((labels.inputs, labels.outcome[:, None]), labels.target, likelihood)
        self.labels = labels
        self.linear, self.smooth = LinearKernel(), RBFKernel()
        self.linear_tasks, self.smooth_tasks = (
            IndexKernel(num_tasks=n_outcomes, rank=min(rank, n_outcomes)) for _ in range(2)
        )
        self.double()
        self._start(n_outcomes, n_inputs)

    def _start(self, n_outcomes: int, n_inputs: int) -> None:
        """Where the search starts: half noise, the rest even between the kernels; slightly kin outcomes."""
        self.linear.variance = 1 / n_inputs
        self.linear.raw_variance.requires_grad_(False)  # the covariance of the outcomes already has this scale
        self.smooth.lengthscale = float(np.sqrt(n_inputs))
        self.likelihood.noise = torch.full((n_outcomes, 1), 0.5, dtype=torch.float64)
        for tasks in (self.linear_tasks, self.smooth_tasks):
            rank = tasks.covar_factor.shape[1]
            # columns of different signs, which gradients can tell apart
            signs = torch.tensor([[(-1.0) ** ((row >> column) & 1) for column in range(rank)] for row in range(n_outcomes)])
            tasks.initialize(covar_factor=0.2 * signs.double())
            tasks.var = torch.full((n_outcomes,), 0.2, dtype=torch.float64)

    def covariance(self, inputs: Tensor, outcome: Tensor, others: Tensor, other: Tensor) -> Tensor:
        """Covariance of the latent values of two sets of labels."""
        parts = (
            kernel(inputs, others).to_dense() * tasks(outcome[:, None], other[:, None]).to_dense()
            for kernel, tasks in ((self.linear, self.linear_tasks), (self.smooth, self.smooth_tasks))
        )
        return sum(parts, start=torch.zeros((), dtype=torch.float64))

    def forward(self, inputs: Tensor, outcome: Tensor) -> gpytorch.distributions.MultivariateNormal:
        """The prior of the latent values."""
        matrix = self.covariance(inputs, outcome[:, 0], inputs, outcome[:, 0])
        return gpytorch.distributions.MultivariateNormal(torch.zeros_like(self.labels.target)[: len(inputs)], matrix)

    def posterior(self, kept: np.ndarray) -> Scorer:
        """Scores by the posterior mean given some of the labels. Shape: kept: ``(n_labels,)`` bool."""
        labels, chosen = self.labels, torch.from_numpy(kept)
        inputs, outcome = labels.inputs[chosen], labels.outcome[chosen]
        with torch.no_grad():
            matrix = self.covariance(inputs, outcome, inputs, outcome)
            matrix = matrix + torch.diag(self.likelihood.noise.flatten()[outcome])
            factor = torch.linalg.cholesky(matrix)
            weights = torch.cholesky_solve(labels.target[chosen][:, None], factor)

        def score(rows: np.ndarray) -> np.ndarray:
            found = []
            with torch.no_grad():
                for index, visible in enumerate(labels.visible):
                    given = torch.from_numpy(rows) * visible
                    same = torch.full((len(rows),), index)
                    found.append((self.covariance(given, same, inputs, outcome) @ weights).numpy())
            return np.concatenate(found, axis=1)

        return score


def learn(labels: Labels, *, rank: int, steps: int, learning_rate: float) -> Process:
    """The process whose hyperparameters were climbed to by Adam on the exact marginal likelihood, on one thread."""
    with (
        reproducible(0, threads=1),
        gpytorch.settings.fast_computations(covar_root_decomposition=False, log_prob=False, solves=False),
    ):
        process = Process(labels, rank)
        process.train()
        evidence = gpytorch.mlls.ExactMarginalLogLikelihood(process.likelihood, process)
        optimiser = torch.optim.Adam([each for each in process.parameters() if each.requires_grad], lr=learning_rate)
        for _ in range(steps):
            optimiser.zero_grad()
            outcome = labels.outcome[:, None]
            loss = -evidence(process(labels.inputs, outcome), labels.target, outcome)
            loss.backward()
            optimiser.step()
        return process.eval()
