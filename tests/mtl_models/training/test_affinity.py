from __future__ import annotations

import copy

import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.training.affinity import AffinityMeter, cosine, group_tasks, lookahead, mean_matrix
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.tensors import batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING
from tests.mtl_models.training.balancing.conftest import make_batch, make_network

NAMES = {task.name for task in TASKS}
SHORT = TRAINING.model_copy(update={"epochs": 2})


@pytest.fixture(scope="module")
def measured(train: Dataset, valid: Dataset) -> Fitted:
    return fit(
        TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, SHORT.model_copy(update={"measure_affinity": True}))
    )


@pytest.fixture(scope="module")
def plain(train: Dataset, valid: Dataset) -> Fitted:
    return fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, SHORT))


def test_cosine_and_lookahead_by_hand() -> None:
    assert cosine(torch.tensor([3.0, 4.0]), torch.tensor([4.0, 3.0])) == pytest.approx(0.96)
    assert cosine(torch.tensor([3.0, 4.0]), torch.tensor([-3.0, -4.0])) == pytest.approx(-1)
    assert cosine(torch.zeros(2), torch.ones(2)) == 0
    assert lookahead(torch.tensor(2.0), torch.tensor(1.5)) == 0.25
    assert lookahead(torch.tensor(2.0), torch.tensor(3.0)) == -0.5


def test_the_meter_is_equation_1_of_a_step_on_a_copy() -> None:
    network = make_network(TASKS)
    batch = make_batch(network, 4, without=["grade"])
    meter = AffinityMeter(network, step=0.1)
    meter.measure(batch)
    found = meter.end_epoch()
    before = batch_losses(network, batch)
    moves = {}
    for task in ("tall", "side"):
        other = copy.deepcopy(network)
        torch.autograd.backward(batch_losses(other, batch)[task])
        shared = [*other.encoder.parameters(), *other.trunk.parameters()]
        moves[task] = torch.cat([p.grad.flatten() for p in shared if p.grad is not None])
        with torch.no_grad():
            for parameter in shared:
                parameter -= 0.1 * parameter.grad  # type: ignore[operator]
        after = batch_losses(other, batch)
        assert set(found.lookahead[task]) == NAMES - {"grade"}
        for name, share in found.lookahead[task].items():
            assert share == pytest.approx(1 - float(after[name].detach() / before[name].detach()), abs=1e-6)
    expected = torch.nn.functional.cosine_similarity(moves["tall"], moves["side"], dim=0)
    assert found.cosine["tall"]["side"] == pytest.approx(float(expected), abs=1e-5)
    assert found.lookahead["grade"] == {}
    assert meter.end_epoch().cosine["tall"] == {}


def test_on_validation_rows_the_step_is_the_batchs_and_the_loss_is_theirs() -> None:
    network = make_network(TASKS)
    batch, valid = make_batch(network, 4, without=["grade"]), make_batch(network, 5, without=["side"])
    meter = AffinityMeter(network.train(), step=0.1, valid=valid)
    meter.measure(batch)
    found = meter.end_epoch()
    other = copy.deepcopy(network)
    torch.autograd.backward(batch_losses(other, batch)["tall"])
    before = batch_losses(other.eval(), valid)
    with torch.no_grad():
        for parameter in [*other.encoder.parameters(), *other.trunk.parameters()]:
            parameter -= 0.1 * parameter.grad  # type: ignore[operator]
    after = batch_losses(other, valid)
    # grade has no label in the batch, so it takes no step; it has one among the valid rows, so it is looked at
    assert set(found.lookahead["tall"]) == NAMES - {"side"}
    assert found.lookahead["grade"] == {}
    assert set(found.cosine["tall"]) == NAMES - {"grade"}
    for name, share in found.lookahead["tall"].items():
        assert share == pytest.approx(1 - float(after[name].detach() / before[name].detach()), abs=1e-6)


@pytest.mark.parametrize("measure", [True, "valid"])
def test_measuring_leaves_no_trace_on_training(train: Dataset, valid: Dataset, plain: Fitted, measure: object) -> None:
    assert plain.affinity == ()
    training = SHORT.model_copy(update={"measure_affinity": measure})
    measured = fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, training))
    assert len(measured.affinity) == len(measured.history)
    assert plain.history_records() == measured.history_records()
    for ours, theirs in zip(plain.network.parameters(), measured.network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_matrices_have_every_task_by_name(measured: Fitted) -> None:
    assert len(measured.affinity) == len(measured.history)
    for epoch in measured.affinity:
        assert set(epoch.cosine) == set(epoch.lookahead) == NAMES
        for task in NAMES:
            assert epoch.cosine[task][task] == pytest.approx(1, abs=1e-5)
            assert epoch.lookahead[task][task] > 0
            assert all(abs(epoch.cosine[task][other] - epoch.cosine[other][task]) < 1e-6 for other in NAMES)


def test_mean_over_epochs_takes_the_pairs_that_are_there() -> None:
    assert mean_matrix([{"a": {"b": 1.0}}, {"a": {"b": 3.0, "c": 5.0}}]) == {"a": {"b": 2.0, "c": 5.0}}


PAIRS = {
    "a": {"a": 9.0, "b": 0.5, "c": -0.2, "d": 0.1},
    "b": {"a": 0.3, "b": 9.0, "c": 0.1, "d": -0.4},
    "c": {"a": 0.1, "b": 0.2, "c": 9.0, "d": 0.6},
    "d": {"a": -0.1, "b": 0.1, "c": 0.4, "d": 9.0},
}


def test_groups_by_hand() -> None:
    # {a,b}: 0.3 onto a, 0.5 onto b; {c,d}: 0.4 and 0.6; no other pairing comes to 1.8
    assert group_tasks(PAIRS, 2) == (("a", "b"), ("c", "d"))
    assert group_tasks(PAIRS, 1) == (("a", "b", "c", "d"),)
    assert group_tasks(PAIRS, 4) == (("a",), ("b",), ("c",), ("d",))
    # with three groups one pair stays, the better one: c and d
    assert group_tasks(PAIRS, 3) == (("a",), ("b",), ("c", "d"))


def test_a_task_that_all_others_harm_is_left_alone() -> None:
    harmed = {task: {**row, "b": -1.0} for task, row in PAIRS.items()}
    # alone b costs nothing; onto a: mean of 0.1 and -0.1, onto c: mean of -0.2 and 0.4, onto d: mean of 0.1 and 0.6
    assert group_tasks(harmed, 2) == (("a", "c", "d"), ("b",))


def test_the_mean_pairs_the_close_and_the_total_keeps_all_help() -> None:
    # a and b are close, c helps and is helped by both a little, d is harmed by a and b and helped by c a little
    help_of = {
        "a": {"b": 0.9, "c": 0.1, "d": -0.2},
        "b": {"a": 0.9, "c": 0.1, "d": -0.2},
        "c": {"a": 0.1, "b": 0.1, "d": 0.1},
        "d": {"a": 0.0, "b": 0.0, "c": 0.1},
    }
    # by mean: a and b 0.9 each, c and d 0.1 each, together 2; d alone: a and b 0.5 each, c 0.1, together 1.1
    assert group_tasks(help_of, 2) == (("a", "b"), ("c", "d"))
    # by total: 1.8 and 0.2, together 2; d alone: all help of a, b and c onto each other, 2.2
    assert group_tasks(help_of, 2, total=True) == (("a", "b", "c"), ("d",))


def test_groups_do_not_depend_on_the_order_and_equals_have_one_answer() -> None:
    shuffled = {task: dict(reversed(PAIRS[task].items())) for task in reversed(PAIRS)}
    assert group_tasks(shuffled, 2) == group_tasks(PAIRS, 2)
    assert group_tasks({"b": {}, "a": {}, "c": {}}, 2) == (("a",), ("b", "c"))


def test_groups_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="4 tasks cannot fill 5 groups"):
        group_tasks(PAIRS, 5)
    with pytest.raises(ValueError, match="4 tasks cannot fill 0 groups"):
        group_tasks(PAIRS, 0)
    with pytest.raises(ValueError, match="11 tasks have too many partitions"):
        group_tasks({str(number): {} for number in range(11)}, 2)
    assert len(group_tasks({str(number): {} for number in range(10)}, 5)) == 5
