from __future__ import annotations

import pytest
import torch
from tabm import init_scaling_
from torch import nn

from mtl_models.data.tasks import Task
from mtl_models.kinds.heads import Head, head_class
from mtl_models.network.trunks.shared import SharedTrunk
from mtl_models.network.trunks.tabm import EnsembleTrunk
from tests.mtl_models.conftest import TASKS, make_dataset

ROWS = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))


def make_head(task: Task, members: int) -> Head:
    torch.manual_seed(0)
    head = head_class(task)(task, 5, (4,), dropout=0.0, members=members)
    head.fit(make_dataset(300, 3).targets[task.name])
    assert isinstance(head, Head)
    return head


def make_trunk(kind: str, k: int) -> EnsembleTrunk:
    torch.manual_seed(0)
    options = EnsembleTrunk.Options.model_validate({"kind": kind, "k": k, "d_block": 6, "dropout": 0.0})
    return EnsembleTrunk(5, ["one"], options)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_loss_is_the_mean_of_the_members_and_the_prediction_too(task: Task) -> None:
    head = make_head(task, 3)
    target = torch.tensor(make_dataset(30, 4).targets[task.name], dtype=torch.float32)
    members = torch.randn(30, 3, 5)
    raw = head.train()(members)
    assert raw.shape[:2] == (30, 3)
    of_members = [head.row_loss(raw[:, place], target) for place in range(3)]
    torch.testing.assert_close(head.loss(raw, target), torch.stack(of_members).mean())
    expected = torch.stack([head.predictions(raw[:, place]) for place in range(3)]).mean(dim=0)
    torch.testing.assert_close(head.predictions(head.eval()(members)), expected)


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_one_member_predicts_what_the_head_without_members_does(task: Task) -> None:
    ensemble, plain = make_head(task, 1).eval(), make_head(task, 0).eval()
    with torch.no_grad():
        plain.hidden.load_state_dict(ensemble.hidden.state_dict())
        plain.output.weight.copy_(ensemble.output.layer.weight[0].T)
    torch.testing.assert_close(
        ensemble.predictions(ensemble(ROWS[:, None])), plain.predictions(plain(ROWS)), rtol=1e-5, atol=1e-6
    )
    assert torch.equal(ensemble.output.bias, plain.output.bias)


def test_extreme_members_give_finite_numbers() -> None:
    for task in TASKS:
        head = make_head(task, 2)
        raw = torch.full((1, 2, head.output.out_features), 200.0)
        raw[:, 1] = -200.0
        combined = head.combine(raw)
        assert torch.isfinite(combined).all()
        if task.kind == "binary":
            assert head.predictions(combined).item() == pytest.approx(0.5)


@pytest.mark.parametrize("kind", ["tabm", "tabm-mini", "tabm-packed"])
def test_one_member_is_the_backbone(kind: str) -> None:
    trunk = make_trunk(kind, 1)
    shared = SharedTrunk(5, ["one"], SharedTrunk.Options(widths=(6, 6)))
    state = dict(trunk.backbone.named_parameters())
    linears = [layer for layer in shared.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for name, parameter in state.items():
            if name.split(".")[-1] in ("r", "s") or name == "affine.weight":
                parameter.fill_(1.0)
        for place, layer in enumerate(linears):
            weight, bias = state[f"blocks.{place}.0.weight"], state[f"blocks.{place}.0.bias"]
            layer.weight.copy_(weight[0].T if kind == "tabm-packed" else weight)
            layer.bias.copy_(bias.reshape(-1))
    found = trunk(ROWS)["one"]
    assert found.shape == (30, 1, 6)
    torch.testing.assert_close(found[:, 0], shared(ROWS)["one"])


def test_members_differ_and_share_their_weights() -> None:
    trunk = make_trunk("tabm", 4)
    found = trunk(ROWS)["one"]
    assert (found[:, 0] - found[:, 1]).abs().max() > 0.01
    assert dict(trunk.backbone.named_parameters())["blocks.0.0.weight"].shape == (6, 5)


@pytest.mark.parametrize(("kind", "name"), [("tabm", "blocks.0.0.r"), ("tabm-mini", "affine.weight")])
def test_the_columns_of_a_feature_start_with_one_scale(kind: str, name: str) -> None:
    trunk = make_trunk(kind, 8)
    trunk.arrange([3, 2])
    scale = trunk.backbone.get_parameter(name)
    assert (scale[:, :3] == scale[:, :1]).all()
    assert (scale[:, 3] == scale[:, 4]).all()
    assert not torch.equal(scale[:, 0], scale[:, 3])
    with pytest.raises(ValueError, match="incompatible"):
        init_scaling_(scale, "normal", [1, 2])
