"""What tasks do to each other while they train together: gradient conflict, lookahead affinity, and task groups."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product

import torch
from torch import Tensor

from mtl_models.network.network import Network
from mtl_models.training.balancing.jacobian import flat, gradients, unflat
from mtl_models.training.balancing.parameters import split_parameters
from mtl_models.training.devices import random_state, set_random_state
from mtl_models.training.tensors import Tensors, batch_losses

Matrix = dict[str, dict[str, float]]
Sums = dict[tuple[str, str], tuple[int, float]]
"""Count and sum by task and other."""
MOST_TASKS = 10


@dataclass(frozen=True, kw_only=True)
class EpochAffinity:
    """Means over the batches of one epoch; a pair that never had labels in the same batch is left out.

    Attributes:
        cosine: cosine between two tasks' gradients on the shared parameters, ``[task][other]``; below 0 they conflict.
        lookahead: ``[task][other]``, the share of the other's loss that a step along the task's gradient takes away,
            on the same batch or on validation rows; below 0 the step harms the other.
    """

    cosine: Matrix
    lookahead: Matrix


class AffinityMeter:
    """Measures on the batches that training uses, without a trace on parameters or random numbers.

    The lookahead is a plain gradient step of the shared parameters, all heads as they are. Without ``valid`` it is
    looked at on the batch itself, with the same dropout masks before and after; a step then also pays by what it
    learns by heart. With ``valid`` it is looked at on those rows, without dropout. Losses count without weights.

    Source: Fifty et al., Efficiently Identifying Task Groupings for Multi-Task Learning, NeurIPS 2021, equation 1.

    Differs:
        With ``valid`` the loss is that of rows that the step does not learn from, where the paper stays on the batch.

    Args:
        step: length of the step over that of the gradient.
        valid: rows to look at, instead of the batch.
    """

    def __init__(self, network: Network, *, step: float, valid: Tensors | None = None) -> None:
        self.network, self.step, self.valid = network, step, valid
        self.shared = split_parameters(network)[0]
        self.cosines: Sums = {}
        self.lookaheads: Sums = {}

    def measure(self, batch: Tensors) -> None:
        """Add a batch."""
        device = batch.prepared.values.device
        state = random_state(device)
        losses = batch_losses(self.network, batch)
        rows = {name: flat(gradients(loss, self.shared), self.shared) for name, loss in losses.items()}
        for name, other in product(rows, repeat=2):
            _add(self.cosines, (name, other), cosine(rows[name], rows[other]))
        original = [parameter.detach().clone() for parameter in self.shared]
        with torch.no_grad():
            before = losses if self.valid is None else self._look(batch)
            for name, row in rows.items():
                for parameter, start, move in zip(self.shared, original, unflat(row, self.shared), strict=True):
                    parameter.copy_(start - self.step * move)
                set_random_state(device, state)
                after = self._look(batch)
                for other, loss in before.items():
                    _add(self.lookaheads, (name, other), lookahead(loss, after[other]))
            for parameter, start in zip(self.shared, original, strict=True):
                parameter.copy_(start)
        set_random_state(device, state)

    def _look(self, batch: Tensors) -> dict[str, Tensor]:
        """Losses of the rows that are looked at."""
        if self.valid is None:
            return batch_losses(self.network, batch)
        training = self.network.training
        self.network.eval()
        losses = batch_losses(self.network, self.valid)
        self.network.train(training)
        return losses

    def end_epoch(self) -> EpochAffinity:
        """The means since the last epoch."""
        names = [task.name for task in self.network.tasks]
        found = EpochAffinity(cosine=_means(self.cosines, names), lookahead=_means(self.lookaheads, names))
        self.cosines, self.lookaheads = {}, {}
        return found


def _add(sums: Sums, pair: tuple[str, str], value: float) -> None:
    n, total = sums.get(pair, (0, 0.0))
    sums[pair] = n + 1, total + value


def _means(sums: Sums, names: Sequence[str]) -> Matrix:
    return {
        name: {other: sums[name, other][1] / sums[name, other][0] for other in names if (name, other) in sums}
        for name in names
    }


def cosine(first: Tensor, second: Tensor) -> float:
    """Cosine between two gradients; 0 where one is zero."""
    lengths = float(first.norm() * second.norm())
    return float(first @ second) / lengths if lengths > 0 else 0.0


def lookahead(before: Tensor, after: Tensor) -> float:
    """Share of a loss that is gone; 0 where there was none."""
    return 1 - float(after) / float(before) if float(before) > 0 else 0.0


def mean_matrix(matrices: Sequence[Mapping[str, Mapping[str, float]]]) -> Matrix:
    """Mean of each pair over the matrices that have it, such as those of all epochs."""
    found: dict[str, dict[str, list[float]]] = {}
    for matrix in matrices:
        for name, row in matrix.items():
            for other, value in row.items():
                found.setdefault(name, {}).setdefault(other, []).append(value)
    return {name: {other: sum(each) / len(each) for other, each in row.items()} for name, row in found.items()}


def group_tasks(
    affinity: Mapping[str, Mapping[str, float]], n_groups: int, *, total: bool = False
) -> tuple[tuple[str, ...], ...]:
    """The partition of the tasks into ``n_groups`` groups in which the tasks are helped most, by trying all.

    A task is helped by the mean affinity of the others of its group onto it; one alone by 0. A pair that is left out
    counts 0. Groups and their tasks are sorted by name; among equals the first in that order is taken.

    Args:
        affinity: ``[task][other]``, how much training the task helps the other.
        total: take the sum for the mean. The mean brings close tasks together, apart from those that help them less;
            the sum parts those that harm each other and keeps all other help.

    Raises:
        ValueError: for more than 10 tasks, or a number of groups that they cannot fill.
    """
    names = tuple(sorted(affinity))
    if len(names) > MOST_TASKS:
        raise ValueError(f"{len(names)} tasks have too many partitions to try them all: group at most {MOST_TASKS}")
    if not 1 <= n_groups <= len(names):
        raise ValueError(f"{len(names)} tasks cannot fill {n_groups} groups: choose 1 to {len(names)}")

    @cache
    def helped(group: tuple[str, ...]) -> float:
        if len(group) == 1:
            return 0.0
        onto = (affinity[name].get(other, 0.0) for name in group for other in group if name != other)
        return sum(onto) / (1 if total else len(group) - 1)

    candidates = sorted(_partitions(names, n_groups))
    return max(candidates, key=lambda partition: round(sum(map(helped, partition)), 12))


def _partitions(names: tuple[str, ...], n_groups: int) -> Iterator[tuple[tuple[str, ...], ...]]:
    """All partitions of sorted names into ``n_groups`` groups, each sorted."""
    if n_groups == 0 or len(names) < n_groups:
        if not names and n_groups == 0:
            yield ()
        return
    first, rest = names[0], names[1:]
    for partition in _partitions(rest, n_groups - 1):
        yield ((first,), *partition)
    for partition in _partitions(rest, n_groups):
        for place, group in enumerate(partition):
            yield tuple(sorted((*partition[:place], (first, *group), *partition[place + 1 :])))
