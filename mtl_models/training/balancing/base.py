"""What every balancer offers: from the losses of a batch to the gradients of all parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.tasks import Task

Losses = dict[str, Tensor]


class Balancer:
    """Decides how much each task moves the parameters that the tasks share.

    ``backward`` is given the losses of the tasks that have a label in the batch, and no other: a task without one is
    absent, and the gradients are those that a study without the task would give. What a method remembers of a task is
    kept by the task's name and waits until the task comes again.

    A task's own weight comes on top of every method; each method says how.

    Args:
        tasks: all tasks of the network.
        shared: parameters upstream of the heads.
        own: parameters of each task's head.
        seed: for the methods that draw.
    """

    class Options(settings.Options):
        """None."""

    replays = False
    """Whether ``after_step`` needs the losses of the batch once more, with the same dropout masks."""

    def __init__(
        self,
        tasks: Sequence[Task],
        shared: Sequence[nn.Parameter],
        own: Mapping[str, Sequence[nn.Parameter]],
        options: Any,
        *,
        seed: int = 0,
    ) -> None:
        self.tasks, self.shared, self.options, self.seed = tuple(tasks), tuple(shared), options, seed
        self.weights = {task.name: task.weight for task in tasks}
        self.own = {name: tuple(parameters) for name, parameters in own.items()}

    def parameters(self) -> list[nn.Parameter]:
        """What the optimiser is to learn besides the network's parameters, without weight decay."""
        return []

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Add to the gradients of shared and own parameters; ``penalty`` belongs to no task and counts as it is."""
        raise NotImplementedError

    def after_step(self, before: Losses, after: Losses) -> None:
        """Learn from the losses of one batch before and after the optimiser's step; asked for by ``replays``."""

    def end_epoch(self, losses: Mapping[str, float]) -> None:
        """Learn from the mean training losses of an epoch, unweighted."""


class WeightedBalancer(Balancer):
    """A balancer that back-propagates one weighted sum of the losses."""

    def weigh(self, losses: Losses) -> Mapping[str, Tensor | float]:
        """The weight of each loss, without the task's own."""
        raise NotImplementedError

    def backward(self, losses: Losses, penalty: Tensor | None = None) -> None:
        """Back-propagate the sum over the tasks of loss, weight found and own weight."""
        found = self.weigh({name: loss.detach() for name, loss in losses.items()})
        weighted = [times(times(loss, self.weights[name]), found[name]) for name, loss in losses.items()]
        back_propagate(torch.stack(weighted).sum(), penalty)


def back_propagate(total: Tensor, penalty: Tensor | None) -> None:
    """Add the gradients of ``total`` and, if there is one, of the penalty."""
    torch.autograd.backward(total if penalty is None else total + penalty)


def times(loss: Tensor, weight: Tensor | float) -> Tensor:
    """A loss times a weight; a weight of 1 costs no step forward and none back."""
    return loss if isinstance(weight, float) and weight == 1 else loss * weight
