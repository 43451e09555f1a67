"""Networks and batches to balance."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.data.tasks import Task
from mtl_models.network.network import Network
from mtl_models.settings import Component
from mtl_models.training.balancing import BALANCERS, make_balancer
from mtl_models.training.balancing.base import Balancer
from mtl_models.training.tensors import Tensors, batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, make_dataset

METHODS = tuple(BALANCERS)
PLAIN = tuple(replace(task, weight=1.0) for task in TASKS)
Rows = dict[str, Tensor]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors: threads would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@cache
def data_of(n_rows: int, seed: int) -> Dataset:
    return make_dataset(n_rows, seed)


@cache
def source() -> Network:
    data = make_dataset(200, 1)
    torch.manual_seed(0)
    network = Network(SPEC, TASKS, MODEL, plan_layout(SPEC, data.inputs))
    network.fit_statistics(data)
    return network


def make_network(tasks: Sequence[Task]) -> Network:
    """The same encoder, trunk and heads whatever the tasks and their order."""
    network = Network(SPEC, tasks, MODEL, source().layout)
    known = source().state_dict()
    network.load_state_dict({name: known[name] for name in network.state_dict()})
    return network.eval()


def make_batch(network: Network, seed: int, *, without: Sequence[str] = (), n_rows: int = 48) -> Tensors:
    """A batch in which some tasks have no label."""
    batch = Tensors.of(data_of(n_rows, seed), network, torch.device("cpu"))
    targets = {name: torch.full_like(t, np.nan) if name in without else t for name, t in batch.targets.items()}
    labelled = {name: has & (name not in without) for name, has in batch.labelled.items()}
    return Tensors(batch.prepared, targets, labelled)


def step(network: Network, balancer: Balancer, batch: Tensors) -> dict[str, Tensor]:
    """Gradients by parameter name after one step of plain gradient descent, and what the balancer learns from it."""
    torch.manual_seed(1)
    network.zero_grad()
    losses = batch_losses(network, batch)
    balancer.backward(losses)
    gradients = {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad
        for parameter in balancer.parameters():
            if parameter.grad is not None:
                parameter -= 0.05 * parameter.grad
                parameter.grad = None
        after = batch_losses(network, batch)
    balancer.after_step({name: loss.detach() for name, loss in losses.items()}, after)
    return gradients


@pytest.fixture
def balance() -> Callable[..., Balancer]:
    def make(name: str, network: Network, **options: object) -> Balancer:
        return make_balancer(Component(name=name, options=options), network, seed=3)

    return make
