"""Several networks as one: each task is answered by a network of its own, from one set of inputs, in one file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mtl_models.data.dataset import Matrices
from mtl_models.kinds.heads import Head
from mtl_models.network.network import Network

if TYPE_CHECKING:
    from mtl_models.training.history import Fitted


class TaskNetworks(nn.Module):
    """The networks of some tasks side by side; they share the preprocessing and nothing else.

    Args:
        networks: by task, in the order of the outputs; tasks may name the same network.

    Raises:
        ValueError: for networks that prepare their inputs otherwise than the first.
    """

    def __init__(self, networks: Mapping[str, Network]) -> None:
        super().__init__()
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

    def each(self) -> Iterator[Network]:
        """The networks, each once."""
        for member in self.members:
            assert isinstance(member, Network)
            yield member

    def member(self, task: str) -> Network:
        """The network that answers for a task."""
        return list(self.each())[self.place[task]]

    def head(self, task: str) -> Head:
        """A task's head."""
        return self.member(task).head(task)

    def forward(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Raw outputs by task name, each member's for its own tasks alone."""
        prepared = self.preprocess(numeric, categorical)
        raw: dict[str, Tensor] = {}
        for place, member in enumerate(self.each()):
            raw |= member.outputs(prepared, [name for name in self.place if self.place[name] == place])
        return {name: raw[name] for name in self.place}

    def predictions(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """Predictions by task name, in the task's unit or as probabilities."""
        raw = self(numeric, categorical)
        return {name: self.head(name).predictions(raw[name]) for name in raw}

    def domain_vectors(self, numeric: Tensor, categorical: Tensor) -> dict[str, Tensor]:
        """No vectors that the tasks have in common.

        Raises:
            ValueError: always.
        """
        raise ValueError("each task has a network, and so vectors, of its own: train with training.stop: joint")

    def report(self, inputs: Matrices | None = None) -> dict[str, Any]:
        """The report of each task's network."""
        reports = {name: self.member(name).report(inputs) for name in self.place}
        return {"by_task": reports} if any(reports.values()) else {}

    def record(self) -> dict[str, Any]:
        """The members' records, and which of them answers for which task, as plain JSON types."""
        members = [member.record() for member in self.each()]
        tasks = [task.to_dict() for task in self.tasks]
        return {**members[0], "tasks": tasks, "members": members, "place": self.place}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> TaskNetworks:
        """The networks of a :meth:`record`, untrained."""
        members = [Network.from_record(member) for member in record["members"]]
        return cls({task["name"]: members[record["place"][task["name"]]] for task in record["tasks"]})


def own_stops(fitted: Fitted) -> Fitted:
    """The same with a network whose tasks stop at their own best epochs.

    A task without a label among the validation rows keeps the joint stop; tasks with the same best epoch share a
    network.

    Raises:
        ValueError: if the weights of those epochs were not kept.
    """
    if not fitted.own_best:
        raise ValueError("no weights of the tasks' own best epochs: train with keep_own_best")
    if not isinstance(joint := fitted.network, Network):
        raise ValueError("the tasks stop at their own best epochs already")
    epochs = {task: best.epoch for task, best in fitted.own_bests().items()}
    of_epoch = {epochs[task]: network for task, network in fitted.own_best.items()} | {fitted.epoch: joint}
    networks = {task.name: of_epoch[epochs.get(task.name, fitted.epoch)] for task in joint.tasks}
    return replace(fitted, network=TaskNetworks(networks))


def _same_preprocessing(one: Network, other: Network) -> bool:
    if (one.spec, one.layout, one.preprocess.settings) != (other.spec, other.layout, other.preprocess.settings):
        return False
    theirs = other.preprocess.state_dict()
    return all(torch.equal(ours, theirs[name]) for name, ours in one.preprocess.state_dict().items())
