from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.network.network import Network
from mtl_models.network.trunks import TRUNKS
from mtl_models.settings import Component, ModelSettings, TrainingSettings, parse_settings
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.balancing.base import Balancer
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from mtl_models.training.tensors import batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_dataset
from tests.mtl_models.training.balancing.conftest import METHODS, PLAIN, make_batch, make_network, step

Make = Callable[..., Balancer]
SHORT = TRAINING.model_copy(update={"epochs": 2})


def with_method(name: str) -> TrainingSettings:
    return SHORT.model_copy(update={"balancing": Component(name=name)})


@pytest.mark.parametrize("name", METHODS)
def test_an_absent_task_leaves_every_gradient_as_if_it_did_not_exist(name: str, balance: Make) -> None:
    """A loss of zero in its place would stop MGDA's trunk, halve UPGrad's and drive an uncertainty weight away."""
    absent = "ill"
    whole, less = make_network(TASKS), make_network([task for task in TASKS if task.name != absent])
    first, second = balance(name, whole), balance(name, less)
    for epoch in range(3):
        for seed in (2, 3):
            seed += 2 * epoch
            ours = step(whole, first, make_batch(whole, seed, without=[absent]))
            theirs = step(less, second, make_batch(less, seed))
            assert set(ours) == set(theirs)
            assert all(torch.equal(ours[key], theirs[key]) for key in theirs)
            assert any(gradient.abs().sum() > 0 for key, gradient in ours.items() if key.startswith("trunk."))
        for balancer in (first, second):
            balancer.end_epoch({task.name: 1.0 / (epoch + 1 + place) for place, task in enumerate(less.tasks)})


@pytest.mark.parametrize("name", METHODS)
def test_a_task_that_comes_and_goes_keeps_everything_finite(name: str, balance: Make) -> None:
    network = make_network(TASKS)
    balancer = balance(name, network)
    for seed, without in enumerate([["ill"], [], ["ill", "tall"], [task.name for task in TASKS[1:]], ["grade"], []]):
        gradients = step(network, balancer, make_batch(network, seed, without=without))
        assert all(torch.isfinite(gradient).all() for gradient in gradients.values())
        assert not any(key.startswith(f"heads.task_{task}.") for key in gradients for task in without)
        balancer.end_epoch({task.name: 1.0 for task in TASKS if task.name not in without})


@pytest.mark.parametrize("name", METHODS)
def test_a_rarely_labelled_task_trains_with_every_method(name: str, valid: Dataset) -> None:
    data = make_dataset(200, 6)
    rare = data.targets["ill"].copy()
    rare[3:] = np.nan
    train = replace(data, targets={**data.targets, "ill": rare})
    results = [fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, with_method(name))) for _ in range(2)]
    assert results[0].history_records() == results[1].history_records()
    assert all(np.isfinite(values).all() for values in predict(results[0].network, valid).values())
    assert results[0].history[-1].score < 1.1


@pytest.mark.parametrize("name", METHODS)
def test_a_single_task_is_plain_training(name: str, train: Dataset, valid: Dataset) -> None:
    plain, other = (
        fit(TrainingData(train, valid, SPEC, TASKS[:1]), FitSettings(MODEL, with_method(each)))
        for each in ("equal", name)
    )
    assert plain.history_records() == other.history_records()


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"equal"}))
def test_a_single_task_in_the_batch_is_plain_for_methods_that_remember_nothing_yet(name: str, balance: Make) -> None:
    without = [task.name for task in TASKS[:5]]  # leaves the auxiliary one, with its weight
    network, plain = make_network(TASKS), make_network(TASKS)
    ours = step(network, balance(name, network), make_batch(network, 2, without=without))
    theirs = step(plain, balance("equal", plain), make_batch(plain, 2, without=without))
    for key, gradient in theirs.items():
        torch.testing.assert_close(ours[key], gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", sorted(set(METHODS) - {"equal"}))
def test_the_order_of_the_tasks_changes_nothing(name: str, balance: Make) -> None:
    forward, backward = make_network(TASKS), make_network(TASKS[::-1])
    first, second = balance(name, forward), balance(name, backward)
    for seed in (2, 3, 4):
        ours, theirs = (
            step(forward, first, make_batch(forward, seed)),
            step(backward, second, make_batch(backward, seed)),
        )
        for key in ours:
            torch.testing.assert_close(ours[key], theirs[key], rtol=1e-5, atol=1e-6)
        for number, balancer in enumerate((first, second)):
            order = TASKS[:: (1, -1)[number]]
            balancer.end_epoch({task.name: 1 / (seed + len(task.name)) for task in order})


@pytest.mark.parametrize("name", METHODS)
def test_the_own_weight_of_a_task_moves_the_shared_parameters_its_way(name: str, balance: Make) -> None:
    moved = []
    for weight in (0.15, 1.0):
        network = make_network([replace(task, weight=weight if task.name == "side" else 1.0) for task in PLAIN])
        batch = make_batch(network, 2)
        shared = [parameter for key, parameter in network.named_parameters() if not key.startswith("heads.")]
        own = torch.autograd.grad(batch_losses(network, batch)["side"], shared)
        head = torch.autograd.grad(batch_losses(network, batch)["side"], network.head("side").output.bias)[0]
        gradients = step(network, balance(name, network), batch)
        found = [gradients[key] for key, _ in network.named_parameters() if not key.startswith("heads.")]
        moved.append(sum(float((ours * each).sum()) for ours, each in zip(found, own, strict=True)))
        ratio = float(gradients["heads.task_side.output.bias"] / head)
        if name not in ("random", "famo"):
            assert ratio == pytest.approx(weight, rel=1e-4)
    assert moved[0] < moved[1]


@pytest.mark.parametrize("name", METHODS)
def test_a_penalty_counts_as_it_is(name: str, balance: Make) -> None:
    found = []
    for factor in (0.0, 0.5):
        network = make_network(TASKS)
        penalty = factor * sum((parameter.square().sum() for parameter in network.trunk.parameters()), torch.zeros(()))
        torch.manual_seed(1)
        balance(name, network).backward(batch_losses(network, make_batch(network, 2)), penalty)
        found.append({key: parameter.grad for key, parameter in network.trunk.named_parameters()})
        weights = {key: parameter.detach() for key, parameter in network.trunk.named_parameters()}
    for key, without in found[0].items():
        assert without is not None
        assert found[1][key] is not None
        torch.testing.assert_close(found[1][key], without + weights[key], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("trunk", sorted(TRUNKS))
@pytest.mark.parametrize("name", ["gradnorm", "famo", "nashmtl", "imtlg", "upgrad"])
def test_every_trunk_is_balanced(trunk: str, name: str, valid: Dataset) -> None:
    model = ModelSettings.model_validate({"trunk": trunk, "encoder": "domains"})
    result = fit(TrainingData(make_dataset(100, 6), valid, SPEC, TASKS[:3]), FitSettings(model, with_method(name)))
    assert np.isfinite(result.history[-1].score)


@pytest.mark.parametrize("name", METHODS)
def test_the_optimiser_leaves_alone_what_only_an_absent_task_reads(name: str, balance: Make) -> None:
    model = ModelSettings.model_validate({"trunk": {"name": "soft", "widths": [4]}})
    network = Network(SPEC, TASKS, model, make_network(TASKS).layout)
    batch = make_batch(network, 2, without=["ill"])
    balance(name, network).backward(batch_losses(network, batch))
    alone = batch_losses(network, make_batch(network, 2))["ill"]
    reached = torch.autograd.grad(alone, list(network.parameters()), allow_unused=True)
    own = [
        p for p, gradient in zip(network.parameters(), reached, strict=True) if gradient is not None and p.grad is None
    ]
    # its head and its tower, two tensors each
    assert len(own) == 4


def test_shared_and_own_parameters_must_not_overlap(balance: Make) -> None:
    network = make_network(TASKS)
    network.head("side").output = network.head("ill").output
    with pytest.raises(ValueError, match="task side: its head has a parameter in common"):
        balance("upgrad", network)


def test_unknown_names_and_options_are_refused(balance: Make) -> None:
    network = make_network(TASKS)
    with pytest.raises(ValueError, match=r"training\.balancing\.name: 'equl' is none of equal, fixed"):
        balance("equl", network)
    for name, kind in BALANCERS.items():
        with pytest.raises(ValueError, match=r"training\.balancing\.nonsense"):
            balance(name, network, nonsense=1)
        assert kind.__doc__


def test_fixed_weights_name_tasks_of_the_study() -> None:
    record = {"balancing": {"name": "fixed", "weights": {"ill": 2.0, "il": 1.0}}}
    settings = parse_settings(TrainingSettings, record, where="training")
    (fault,) = settings.task_faults([task.name for task in TASKS])
    assert fault.startswith("training.balancing.weights: 'il' is none of ")
    assert settings.task_faults(["ill", "il"]) == []


def test_params_without_a_balancer_keep_their_hash() -> None:
    assert not {"balancing", "measure_affinity"} & set(TrainingSettings().model_dump())
    assert with_method("dwa").model_dump()["balancing"] == {"name": "dwa"}
