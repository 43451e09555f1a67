from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mtl_models.data.tasks import Task
from mtl_models.kinds.heads import Head, head_class
from mtl_models.training.losses import class_log_loss, log_loss, squared_error
from tests.mtl_models.conftest import TASKS, make_dataset

NAN = math.nan


def make_head(task: Task) -> Head:
    torch.manual_seed(0)
    head = head_class(task)(task, 5, (4,), dropout=0.0)
    head.fit(make_dataset(500, 3).targets[task.name])
    assert isinstance(head, Head)
    return head


def test_losses_worked_by_hand_leave_missing_labels_out() -> None:
    raw, target = torch.tensor([[1.0], [2.0], [5.0]]), torch.tensor([[0.0], [NAN], [2.0]])
    assert squared_error(raw, target).item() == pytest.approx((1 + 9) / 2)
    logits = torch.tensor([[0.0, 0.0], [math.log(3), 0.0]])
    labels = torch.tensor([[1.0, NAN], [1.0, NAN]])
    assert log_loss(logits, labels).item() == pytest.approx((math.log(2) + math.log(4 / 3)) / 2)
    logs = torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]]).log()
    assert class_log_loss(logs, torch.tensor([[0.0], [NAN]])).item() == pytest.approx(math.log(2))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_missing_label_reaches_neither_loss_nor_gradient(task: Task) -> None:
    head = make_head(task)
    target = torch.tensor(make_dataset(40, 4).targets[task.name], dtype=torch.float32)
    raw = torch.randn(40, head.output.out_features, requires_grad=True)
    hidden = target.clone()
    hidden[::2] = NAN
    loss = head.loss(raw, hidden)
    loss.backward()
    assert raw.grad is not None
    assert torch.isfinite(loss)
    assert torch.isfinite(raw.grad).all()
    assert (raw.grad[::2] == 0).all()
    torch.testing.assert_close(loss, head.loss(raw[1::2], hidden[1::2]))


def test_the_loss_of_labels_is_the_sum_of_their_binary_losses() -> None:
    raw, target = torch.randn(30, 3), (torch.rand(30, 3) < 0.3).float()
    target[torch.rand(30, 3) < 0.2] = NAN
    parts = sum(log_loss(raw[:, [column]], target[:, [column]]) for column in range(3))
    torch.testing.assert_close(log_loss(raw, target), parts)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_an_untrained_head_predicts_the_base_rate(task: Task) -> None:
    head = make_head(task)
    target = make_dataset(500, 3).targets[task.name]
    found = head.predictions(head.output.bias.detach()[None])[0].numpy()
    assert found.shape == (task.n_outputs,)
    if task.kind in ("multiclass", "ordinal"):
        known = target[~np.isnan(target)].astype(int)
        expected = np.bincount(known, minlength=task.n_outputs) / len(known)
    else:
        expected = np.nanmean(target, axis=0)
    np.testing.assert_allclose(found, expected, atol=0.01, rtol=1e-5)


def test_decisions() -> None:
    by_kind = {task.name: make_head(task) for task in TASKS}
    assert by_kind["ill"].decisions(torch.tensor([[0.29], [0.3], [0.31]])).tolist() == [[0], [1], [1]]
    assert by_kind["conditions"].decisions(torch.tensor([[0.6, 0.4]])).tolist() == [[1, 0]]
    spread = torch.tensor([[0.4, 0.25, 0.35], [0.9, 0.1, 0.0]])
    assert by_kind["type"].decisions(spread).tolist() == [0, 0]
    # expected class 0.95 and 0.1: arg-max would say 0 and 0
    assert by_kind["grade"].decisions(spread).tolist() == [1, 0]


def test_margins_vanish_at_the_edge_of_a_decision() -> None:
    by_kind = {task.name: make_head(task) for task in TASKS}
    assert by_kind["ill"].margin(torch.tensor([[0.3], [0.5]])).flatten().tolist() == pytest.approx([0, 0.2])
    assert by_kind["type"].margin(torch.tensor([[0.4, 0.4, 0.2], [0.2, 0.7, 0.1]])).tolist() == pytest.approx([0, 0.5])
    grade = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]])
    assert by_kind["grade"].margin(grade).tolist() == pytest.approx([0, 0.5])


def test_a_regression_predicts_in_its_unit() -> None:
    head = make_head(TASKS[0])
    target = make_dataset(500, 3).targets["tall"]
    assert head.predictions(torch.tensor([[1.0]])).item() == pytest.approx(
        np.nanmean(target) + np.nanstd(target), rel=1e-6
    )
