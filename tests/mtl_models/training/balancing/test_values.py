"""Each method against its paper's equations or against torchjd on the same Jacobian."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torchjd import aggregation, autojac, scalarization
from torchjd.linalg import QuadprogProjector

from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.settings import Component
from mtl_models.training.balancing.base import Balancer
from mtl_models.training.balancing.dwa import DWA
from mtl_models.training.balancing.famo import FAMO
from mtl_models.training.balancing.fixed import Fixed
from mtl_models.training.balancing.gradnorm import GradNorm
from mtl_models.training.balancing.random import Random
from mtl_models.training.balancing.uncertainty import Uncertainty
from mtl_models.training.run import Run
from mtl_models.training.tensors import batch_losses
from tests.mtl_models.conftest import TASKS, TRAINING
from tests.mtl_models.training.balancing.conftest import PLAIN, make_batch, make_network

AGGREGATORS: dict[str, Callable[[], aggregation.Aggregator]] = {
    "pcgrad": aggregation.PCGrad,
    "cagrad": lambda: aggregation.CAGrad(c=0.5),
    "mgda": lambda: aggregation.MGDA(epsilon=1e-6, max_iters=20_000),
    "imtlg": aggregation.IMTLG,
    "aligned_mtl": aggregation.AlignedMTL,
    "upgrad": lambda: aggregation.UPGrad(projector=QuadprogProjector(norm_eps=0, reg_eps=1e-7)),
}
PAIR = (Task(name="a", kind="regression"), Task(name="b", kind="binary", weight=0.5))


def losses_of(a: float, b: float) -> dict[str, torch.Tensor]:
    return {"a": torch.tensor(a), "b": torch.tensor(b)}


@pytest.mark.parametrize("name", AGGREGATORS)
def test_the_combined_gradient_is_torchjds(name: str, balance: Callable[..., Balancer]) -> None:
    ours, theirs = make_network(PLAIN), make_network(PLAIN)
    batch = make_batch(ours, 2)
    torch.manual_seed(5)
    balance(name, ours).backward(batch_losses(ours, batch))

    representation = theirs.trunk(theirs.encoder(batch.prepared))["tall"]
    names = sorted(task.name for task in PLAIN)
    losses = [theirs.head(task).loss(theirs.head(task)(representation), batch.targets[task]) for task in names]
    shared = [*theirs.encoder.parameters(), *theirs.trunk.parameters()]
    heads = [list(theirs.head(task).parameters()) for task in names]
    autojac.mtl_backward(losses, features=representation, tasks_params=heads, shared_params=shared)
    torch.manual_seed(5)
    autojac.jac_to_grad(shared, AGGREGATORS[name]())

    for (key, mine), (_, peer) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert mine.grad is not None
        assert peer.grad is not None, key
        torch.testing.assert_close(mine.grad, peer.grad, rtol=2e-3, atol=2e-5, msg=key)


def test_fixed_weights_multiply_the_own_ones() -> None:
    a, b = torch.tensor(3.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    Fixed(PAIR, [], {}, Fixed.Options(weights={"b": 4.0})).backward({"a": a, "b": b})
    assert (a.grad, b.grad) == (1.0, 2.0)


def test_random_weights_have_mean_1_and_a_stream_a_task() -> None:
    first, again, other = (Random(PAIR, [], {}, Random.Options(), seed=seed) for seed in (1, 1, 2))
    drawn = [first.weigh(losses_of(1, 1)) for _ in range(3)]
    assert drawn == [again.weigh(losses_of(9, 9)) for _ in range(3)]
    assert drawn[0] != drawn[1]
    assert drawn[0] != other.weigh(losses_of(1, 1))
    assert sum(drawn[0].values()) == pytest.approx(2)


def test_uncertainty_is_kendalls_equation_10() -> None:
    balancer = Uncertainty(PAIR, [], {}, Uncertainty.Options())
    with torch.no_grad():
        balancer.log_variances["a"].fill_(math.log(4.0))  # sigma 2
        balancer.log_variances["b"].fill_(math.log(0.25))  # sigma 1/2
    a, b = torch.tensor(3.0, requires_grad=True), torch.tensor(5.0, requires_grad=True)
    balancer.backward({"a": a, "b": b})
    # L_a / (2 sigma_a^2) + log sigma_a + weight_b (L_b / sigma_b^2 + log sigma_b)
    assert float(a.grad) == pytest.approx(1 / 8)  # type: ignore[arg-type]
    assert float(b.grad) == pytest.approx(0.5 * 4)  # type: ignore[arg-type]
    slopes = {name: float(s.grad) for name, s in balancer.log_variances.items() if s.grad is not None}
    assert slopes == {"a": pytest.approx(-3 / 8 + 1 / 2), "b": pytest.approx(0.5 * (-4 * 5 + 1 / 2))}


def test_uncertainty_joins_the_optimiser_without_decay(train: Dataset, valid: Dataset) -> None:
    network = make_network(TASKS)
    settings = TRAINING.model_copy(update={"balancing": Component(name="uncertainty"), "weight_decay": 1.0})
    run = Run(network, train, valid, settings, np.random.default_rng(0), seed=0)
    learned = run.balancer.parameters()
    assert [group["weight_decay"] for group in run.optimizer.param_groups] == [1.0, 0.0]
    assert run.optimizer.param_groups[1]["params"] == learned
    run.epoch(1)
    assert all(0 < abs(s.item()) < 1 for s in learned)


def test_dwa_is_equation_7() -> None:
    balancer = DWA(PAIR, [], {}, DWA.Options(temperature=2.0))
    one = {"a": 1.0, "b": 1.0}
    assert balancer.weigh(losses_of(1, 1)) == one
    balancer.end_epoch({"a": 4.0, "b": 2.0})
    assert balancer.weigh(losses_of(1, 1)) == one
    balancer.end_epoch({"a": 2.0, "b": 2.0})
    # ratios 1/2 and 1, at temperature 2
    a, b = math.exp(0.25), math.exp(0.5)
    expected = {"a": pytest.approx(2 * a / (a + b)), "b": pytest.approx(2 * b / (a + b))}
    assert balancer.weigh(losses_of(7, 9)) == expected
    balancer.end_epoch({"a": 2.0})
    a, b = math.exp(0.5), math.exp(0.5)
    assert balancer.weigh(losses_of(7, 9)) == {"a": pytest.approx(1), "b": pytest.approx(1)}
    assert balancer.means == {"a": [2.0, 2.0], "b": [2.0, 2.0]}


def test_dwa_is_torchjds() -> None:
    ours, theirs = DWA(PAIR, [], {}, DWA.Options()), scalarization.DWA()
    for losses in ([4.0, 2.0], [3.0, 1.9], [1.0, 1.8]):
        theirs(torch.tensor(losses))
        theirs.step()
        ours.end_epoch(dict(zip("ab", losses, strict=True)))
    found = ours.weigh(losses_of(1, 1))
    values = torch.ones(2, requires_grad=True)
    (expected,) = torch.autograd.grad(theirs(values), values)
    torch.testing.assert_close(torch.tensor([found["a"], found["b"]]), expected)


def test_gradnorm_is_equation_2() -> None:
    balancer = GradNorm(PAIR, [], {}, GradNorm.Options(alpha=1.0, learning_rate=0.1))
    rows = torch.tensor([[3.0, 4.0], [0.0, 1.0]])  # norms 5 and 1
    assert balancer.combine(rows, losses_of(2, 2)).tolist() == [1.0, 0.5]
    # both rates 1: targets are the mean of 5 and 1; slopes +5 and -1 over the mean norm 3; then scaled to the sum 2
    stepped = {"a": 1 - 0.1 * 5 / 3, "b": 1 + 0.1 * 1 / 3}
    scaled = {name: 2 * weight / sum(stepped.values()) for name, weight in stepped.items()}
    assert balancer.found == {name: pytest.approx(weight) for name, weight in scaled.items()}
    found = balancer.combine(rows, losses_of(1, 2))
    assert found.tolist() == [pytest.approx(scaled["a"]), pytest.approx(0.5 * scaled["b"])]
    # sizes 4.46 and 1.11, mean 2.79; rates (1/2)/(3/4) and 1/(3/4); targets 1.86 and 3.71
    stepped = {"a": scaled["a"] - 0.1 * 5 / 3, "b": scaled["b"] + 0.1 * 1 / 3}
    total = sum(stepped.values())
    assert balancer.found == {name: pytest.approx(2 * weight / total) for name, weight in stepped.items()}


def test_gradnorm_steps_down_its_own_loss() -> None:
    weights, norms, rates = torch.tensor([0.8, 1.2, 1.0], requires_grad=True), torch.tensor([2.0, 0.3, 1.0]), 1.0
    with torch.no_grad():
        target = (weights * norms).mean() * rates
    (slope,) = torch.autograd.grad((weights * norms - target).abs().sum(), weights)
    tasks = [Task(name=name, kind="binary") for name in "abc"]
    balancer = GradNorm(tasks, [], {}, GradNorm.Options(alpha=0.0, learning_rate=0.01))
    balancer.found = dict(zip("abc", weights.tolist(), strict=True))
    balancer.combine(torch.diag(norms), {name: torch.tensor(1.0) for name in "abc"})
    stepped = weights.detach() - 0.01 * slope / norms.mean()
    expected = stepped * 3 / stepped.sum()
    torch.testing.assert_close(torch.tensor(list(balancer.found.values())), expected)


def test_famo_by_hand() -> None:
    balancer = FAMO(PAIR, [], {}, FAMO.Options(learning_rate=0.1, weight_decay=0.0))
    # shares 1/2 each: weights 1/2 / loss, scaled to the sum 1
    assert balancer.weigh(losses_of(1, 3)) == {"a": pytest.approx(0.75), "b": pytest.approx(0.25)}
    # a fell by log 2, b rose: the slope on a is z_a (fall_a - sum z fall) > 0, and Adam's first step is its sign
    balancer.after_step(losses_of(1, 3), losses_of(0.5, 4))
    assert [each.item() for each in balancer.logits.values()] == [pytest.approx(-0.1), pytest.approx(0.1)]
    share = 1 / (1 + math.exp(0.2))
    a, b = share / 1, (1 - share) / 3
    assert balancer.weigh(losses_of(1, 3)) == {"a": pytest.approx(a / (a + b)), "b": pytest.approx(b / (a + b))}


def test_famo_is_torchjds() -> None:
    ours, theirs = FAMO(PAIR, [], {}, FAMO.Options()), scalarization.FAMO(2)
    for before, after in (([1.0, 3.0], [0.9, 2.0]), ([0.8, 2.0], [0.9, 1.9]), ([0.7, 2.1], [0.6, 2.0])):
        values = torch.tensor(before, requires_grad=True)
        (expected,) = torch.autograd.grad(theirs(values), values)
        found = ours.weigh(losses_of(*before))
        torch.testing.assert_close(torch.tensor([found["a"], found["b"]]), expected)
        theirs.update(torch.tensor(after))
        ours.after_step(losses_of(*before), losses_of(*after))
