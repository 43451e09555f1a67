from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from mtl_models.network.trunks.base import Trunk
from mtl_models.network.trunks.shared import SharedTrunk
from mtl_models.network.trunks.soft import SoftTrunk, squared_spread, trace_norm

TASKS = ("one", "two")


def make(strength: float | str, distance: str = "l2") -> SoftTrunk:
    torch.manual_seed(0)
    options = SoftTrunk.Options.model_validate({"widths": [6], "strength": strength, "distance": distance})
    return SoftTrunk(4, TASKS, options)


def problem() -> tuple[Tensor, dict[str, Tensor]]:
    random = torch.Generator().manual_seed(1)
    rows = torch.randn(60, 4, generator=random)
    return rows, {"one": rows[:, :1].tanh(), "two": (rows[:, 1:2] * rows[:, 2:3])}


def train(
    trunk: Trunk, tasks: tuple[str, ...], *, rate: float, trunk_rate: float | None = None, steps: int = 60
) -> None:
    """Plain gradient descent on the squared errors and the penalty, with a fixed reading of each representation."""
    rows, targets = problem()
    reading = torch.linspace(-1, 1, 6)[:, None]
    parameters = list(trunk.parameters())
    for _ in range(steps):
        found = trunk(rows)
        loss = torch.stack([(found[task] @ reading - targets[task]).square().mean() for task in tasks]).sum()
        penalty = trunk.penalty()
        total = loss if penalty is None else loss + penalty
        gradients = torch.autograd.grad(total, parameters, allow_unused=True)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                if gradient is not None:
                    parameter -= (trunk_rate or rate) * gradient


def spread(trunk: SoftTrunk) -> float:
    return trunk.report(None)["distance"]["one, two"]


def test_distances_worked_by_hand() -> None:
    assert squared_spread(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).item() == pytest.approx(4)
    assert trace_norm(torch.tensor([[3.0, 0.0, 0.0], [0.0, 4.0, 0.0]])).item() == pytest.approx(7)
    assert trace_norm(torch.tensor([[1.0, 1.0], [1.0, 1.0]])).item() == pytest.approx(2)
    # singular values of [[2, 1], [1, 2]] are 3 and 1, and equal rows need one direction alone
    assert trace_norm(torch.tensor([[2.0, 1.0], [1.0, 2.0]])).item() == pytest.approx(4)


@pytest.mark.parametrize("distance", ["l2", "trace"])
def test_the_penalty_is_the_strength_times_the_sum_over_weights_and_biases(distance: str) -> None:
    trunk = make(0.5, distance)
    with torch.no_grad():
        for number, layers in enumerate(trunk.layers):
            for parameter in layers.parameters():
                parameter.zero_().view(-1)[number] = 3.0 + number
    # each copy has one entry, 3 or 4, in another place; there are a weight and a bias
    penalty = trunk.penalty()
    expected = 7.0 if distance == "trace" else 3.0**2 / 2 + 4.0**2 / 2
    assert penalty is not None
    assert penalty.item() == pytest.approx(0.5 * 2 * expected)


@pytest.mark.parametrize("distance", ["l2", "trace"])
def test_copies_that_are_equal_have_a_finite_gradient(distance: str) -> None:
    trunk = make(1.0, distance)
    penalty = trunk.penalty()
    assert penalty is not None
    penalty.backward()
    assert all(torch.isfinite(p.grad).all() for p in trunk.parameters() if p.grad is not None)


def test_without_strength_tasks_are_those_of_single_networks() -> None:
    together = make(0.0)
    rows, _ = problem()
    found = together(rows)
    untouched = torch.autograd.grad(found["one"].sum(), list(together.layers[1].parameters()), allow_unused=True)
    assert all(gradient is None for gradient in untouched)
    train(together, TASKS, rate=0.1)
    for task in TASKS:
        alone = SharedTrunk(4, [task], SharedTrunk.Options(widths=(6,)))
        alone.layers.load_state_dict(make(0.0).layers[0].state_dict())
        train(alone, (task,), rate=0.1)
        torch.testing.assert_close(together(rows)[task], alone(rows)[task])
    assert spread(together) > 0.1


def test_infinite_strength_is_a_shared_trunk() -> None:
    tied, shared = make("infinite"), SharedTrunk(4, TASKS, SharedTrunk.Options(widths=(6,)))
    shared.layers.load_state_dict(tied.layers[0].state_dict())
    for trunk in (tied, shared):
        train(trunk, TASKS, rate=0.1)
    assert tied.penalty() is None
    for ours, theirs in zip(tied.parameters(), shared.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_great_strength_comes_to_the_shared_trunk() -> None:
    rate = 0.02
    rows, _ = problem()
    # with 2 * strength * rate = 1 every step ends at the mean of the copies, which moves by the mean of their gradients
    tied, shared = make(1 / (2 * rate)), SharedTrunk(4, TASKS, SharedTrunk.Options(widths=(6,)))
    start = tied(rows)["one"].detach()
    shared.layers.load_state_dict(tied.layers[0].state_dict())
    train(tied, TASKS, rate=rate)
    train(shared, TASKS, rate=rate, trunk_rate=rate / len(TASKS))
    free = make(0.0)
    train(free, TASKS, rate=rate)
    assert spread(tied) < 0.1 * spread(free)
    assert (shared(rows)["one"] - start).abs().max() > 0.1
    torch.testing.assert_close(tied(rows)["one"], shared(rows)["one"], atol=0.03, rtol=0)


@pytest.mark.parametrize("distance", ["l2", "trace"])
def test_more_strength_brings_tasks_nearer(distance: str) -> None:
    spreads = []
    for strength in (0.0, 0.05, 0.5, 2.0):
        trunk = make(strength, distance)
        train(trunk, TASKS, rate=0.05)
        spreads.append(spread(trunk))
    if distance == "l2":
        assert all(later < earlier for earlier, later in pairwise(spreads))
    else:
        # the trace norm also shrinks what is common, so that distances relative to length need not fall all the way
        assert spreads[1] < spreads[0]


def test_an_unknown_distance_is_refused() -> None:
    with pytest.raises(ValueError, match="l2"):
        SoftTrunk.Options.model_validate({"distance": "cosine"})


def test_layers_are_modules_of_their_own() -> None:
    weights = [layers[0].weight for layers in make(1.0).layers if isinstance(layers, nn.Sequential)]
    assert weights[0] is not weights[1]
    assert torch.equal(weights[0], weights[1])
