"""What a training step costs beside forward and backward: nothing that asks the device, nothing that changes a bit."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.training import run
from mtl_models.training.balancing.base import times
from mtl_models.training.tensors import Tensors, batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS


def network_for(rows: Dataset) -> Network:
    torch.manual_seed(0)
    network = Network(SPEC, TASKS, MODEL, plan_layout(SPEC, rows.inputs))
    network.fit_statistics(rows)
    return network


def test_a_batch_is_the_rows_of_an_index_in_its_order(train: Dataset) -> None:
    network, device = network_for(train), torch.device("cpu")
    rows = np.random.default_rng(0).permutation(len(train))[:50]
    batch = Tensors.of(train, network, device).take(rows)
    expected = Tensors.of(train.take(rows), network, device)
    assert all(torch.equal(*pair) for pair in zip(batch.prepared, expected.prepared, strict=True))
    assert all(
        torch.equal(batch.targets[task].nan_to_num(), expected.targets[task].nan_to_num()) for task in batch.targets
    )
    assert all((batch.labelled[task] == expected.labelled[task]).all() for task in batch.labelled)


def test_the_losses_of_a_batch_are_one_graph(train: Dataset) -> None:
    """Nothing on the way asks a tensor what to do next, which would break the graph and wait for a device."""
    network = network_for(train).eval()
    batch = Tensors.of(train, network, torch.device("cpu"))
    tasks = batch.tasks

    def losses() -> list[Tensor]:
        raw = network.outputs(batch.prepared)
        return [network.head(task).loss(raw[task], batch.targets[task]) for task in tasks]

    compiled = torch.compile(losses, backend="eager", fullgraph=True)
    assert torch.equal(torch.stack(compiled()), torch.stack(list(batch_losses(network, batch).values())))


def test_a_weight_of_one_is_no_step_and_any_other_is() -> None:
    loss = torch.tensor(0.7, requires_grad=True)
    assert times(loss, 1.0) is loss
    assert torch.equal(times(loss, 0.2), loss * 0.2)
    assert torch.equal(times(loss, torch.tensor(1.0)), loss)


@pytest.mark.parametrize("n", [1, run.TOGETHER, run.TOGETHER + 1, 3 * run.TOGETHER])
def test_losses_that_are_kept_together_have_the_same_mean(n: int) -> None:
    each = list(torch.rand(n, generator=torch.Generator().manual_seed(0)))
    losses = run._Losses()
    for loss in each:
        losses.append(loss)
    assert losses.n == n
    assert losses.mean() == float(torch.stack(each).mean())
