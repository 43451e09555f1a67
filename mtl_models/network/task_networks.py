"""Several networks as one: each task is answered by a network of its own, from one set of inputs, in one file."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import Matrices
from mtl_models.kinds.heads import Head
from mtl_models.network.network import Network
from mtl_models.network.preprocess import Prepared

if TYPE_CHECKING:
    from mtl_models.training.history import Fitted


class TaskNetworks(Network):
    """The networks of some tasks side by side; they share the preprocessing and nothing else.

    Args:
        networks: by task, in the order of the outputs; tasks may name the same network.

    Raises:
        ValueError: for networks that prepare their inputs otherwise than the first.
    """

    def __init__(self, networks: Mapping[str, Network]) -> None:
        nn.Module.__init__(self)
        members = list(dict.fromkeys(networks.values()))
        first = members[0]
        for member in members[1:]:
            if not _same_preprocessing(first, member):
                raise ValueError("networks of one file must be fitted on the same training rows with the same settings")
        self.spec, self.settings, self.layout = first.spec, first.settings, first.layout
        self.tasks = tuple(member.head(name).task for name, member in networks.items())
        self.place = {name: members.index(member) for name, member in networks.items()}
        self.preprocess = first.preprocess
        self.members = nn.ModuleList(members)

    def member(self, task: str) -> Network:
        """The network that answers for a task."""
        member = self.members[self.place[task]]
        assert isinstance(member, Network)
        return member

    def head(self, task: str) -> Head:
        """A task's head."""
        return self.member(task).head(task)

    def outputs(self, prepared: Prepared, tasks: Container[str] | None = None) -> dict[str, Tensor]:
        """Raw outputs by task name, each member's for its own tasks alone."""
        wanted = [name for name in self.place if tasks is None or name in tasks]
        found: dict[str, Tensor] = {}
        for place, member in enumerate(self.members):
            assert isinstance(member, Network)
            if own := [name for name in wanted if self.place[name] == place]:
                found |= member.outputs(prepared, own)
        return {name: found[name] for name in wanted}

    def penalty(self) -> Tensor | None:
        """Nothing: the networks were trained before."""
        return None

    def report(self, inputs: Matrices | None = None) -> dict[str, Any]:
        """The report of each task's network."""
        reports = {name: self.member(name).report(inputs) for name in self.place}
        return {"by_task": reports} if any(reports.values()) else {}


def own_stops(fitted: Fitted) -> Fitted:
    """The same with a network whose tasks stop at their own best epochs.

    A task without a label among the validation rows keeps the joint stop; tasks with the same best epoch share a
    network.

    Raises:
        ValueError: if the weights of those epochs were not kept.
    """
    if not fitted.own_best:
        raise ValueError("no weights of the tasks' own best epochs: train with keep_own_best")
    epochs = {task: best.epoch for task, best in fitted.own_bests().items()}
    of_epoch = {epochs[task]: network for task, network in fitted.own_best.items()} | {fitted.epoch: fitted.network}
    networks = {task.name: of_epoch[epochs.get(task.name, fitted.epoch)] for task in fitted.network.tasks}
    return replace(fitted, network=TaskNetworks(networks))


def _same_preprocessing(one: Network, other: Network) -> bool:
    if (one.spec, one.layout, one.preprocess.settings) != (other.spec, other.layout, other.preprocess.settings):
        return False
    theirs = other.preprocess.state_dict()
    return all(torch.equal(ours, theirs[name]) for name, ours in one.preprocess.state_dict().items())
