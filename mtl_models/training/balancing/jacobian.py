"""Balancers that look at every task's gradient on the shared parameters: the rows of the losses' Jacobian."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from mtl_models.training.balancing.base import Balancer, Losses


class JacobianBalancer(Balancer):
    """Gives the shared parameters a combination of the tasks' gradients, and each head its own task's gradient.

    The gradient of a head is that of its loss times the task's own weight, whatever the method.
    """

    def combine(self, rows: Tensor, losses: Losses) -> Tensor:
        """Weights of the rows, own weights included; the rows stand in the order of ``losses``.

        Shape:
            ``(n_tasks, n_shared)`` to ``(n_tasks,)``.
        """
        raise NotImplementedError

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Add the combined gradient to the shared parameters and each task's own to its head."""
        losses = dict(sorted(losses.items()))
        n_shared = len(self.shared)
        rows, reached = [], [False] * n_shared
        for name, loss in losses.items():
            found = gradients(loss, [*self.shared, *self.own[name]])
            rows.append(flat(found[:n_shared], self.shared))
            reached = [before or gradient is not None for before, gradient in zip(reached, found, strict=False)]
            for parameter, gradient in zip(self.own[name], found[n_shared:], strict=True):
                if gradient is not None:
                    add_gradient(parameter, gradient * self.weights[name])
        matrix = torch.stack(rows)
        combined = unflat(self.combine(matrix, losses) @ matrix, self.shared)
        for parameter, gradient, use in zip(self.shared, combined, reached, strict=True):
            # none and not zeros for what only absent tasks read: the optimiser then leaves it alone
            if use:
                add_gradient(parameter, gradient)
        if penalty is not None:
            torch.autograd.backward(penalty)

    def preference(self, losses: Losses, like: Tensor) -> Tensor:
        """The own weights of the tasks of ``losses`` in their order."""
        return torch.tensor([self.weights[name] for name in losses], dtype=like.dtype, device=like.device)


class GramianBalancer(JacobianBalancer):
    """A method of torchjd that finds the weights of the rows.

    A single row counts as it is. Left out are rows of zeros, which say nothing about a shared parameter but would have
    some methods stop there.
    """

    def find(self, rows: Tensor, preference: Tensor, names: tuple[str, ...]) -> Tensor:
        """Weights of two or more rows, none of them zero."""
        raise NotImplementedError

    def combine(self, rows: Tensor, losses: Losses) -> Tensor:
        """Weights of the rows."""
        preference = self.preference(losses, rows)
        used = (rows != 0).any(dim=1)
        # a gradient that is not finite has no direction to compare; training reports the divergence
        if int(used.sum()) < 2 or not torch.isfinite(rows).all():
            return preference
        names = tuple(name for name, use in zip(losses, used.tolist(), strict=True) if use)
        with torch.no_grad():
            found = self.find(rows[used], preference[used], names).to(rows)
        if not torch.isfinite(found).all():
            return preference
        return torch.zeros_like(preference).index_copy(0, used.nonzero()[:, 0], found)


def gradients(loss: Tensor, parameters: Sequence[nn.Parameter]) -> tuple[Tensor | None, ...]:
    """Gradient of ``loss`` on each parameter, ``None`` where the loss does not reach it; the graph stays."""
    return torch.autograd.grad(loss, parameters, retain_graph=True, allow_unused=True)


def flat(tensors: Sequence[Tensor | None], like: Sequence[Tensor]) -> Tensor:
    """All numbers in a row, zeros for what is none, in the shapes of ``like``."""
    filled = [
        torch.zeros_like(shape) if tensor is None else tensor for tensor, shape in zip(tensors, like, strict=True)
    ]
    return torch.cat([tensor.flatten() for tensor in filled])


def unflat(row: Tensor, like: Sequence[Tensor]) -> Iterator[Tensor]:
    """The row cut into the shapes of ``like``."""
    for piece, tensor in zip(torch.split(row, [tensor.numel() for tensor in like]), like, strict=True):
        yield piece.view_as(tensor)


def add_gradient(parameter: nn.Parameter, gradient: Tensor) -> None:
    """Add to ``parameter.grad`` as a backward pass does."""
    parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
