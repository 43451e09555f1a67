from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_models.network.trunks.cross_stitch import CrossStitchTrunk
from mtl_models.network.trunks.mmoe import MixtureTrunk
from mtl_models.network.trunks.ple import ProgressiveTrunk
from mtl_models.network.trunks.shared import SharedTrunk

TASKS = ("one", "two", "three")
ROWS = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))


def shared_with_weights_of(parallel: nn.Module, place: int) -> SharedTrunk:
    """A shared trunk with the weights of one of several networks side by side."""
    linears = [layer for layer in parallel.modules() if layer.__class__.__name__ == "LinearEnsemble"]
    shared = SharedTrunk(5, TASKS, SharedTrunk.Options(widths=tuple(layer.out_features for layer in linears)))
    ours = [layer for layer in shared.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, other in zip(ours, linears, strict=True):
            layer.weight.copy_(other.weight[place].T)
            layer.bias.copy_(other.bias[place])
    return shared


def read(trunk: nn.Module, task: str) -> Tensor:
    representation: Tensor = trunk(ROWS)[task]
    return representation


def test_one_expert_for_all_is_a_shared_trunk() -> None:
    mixture = MixtureTrunk(5, TASKS, MixtureTrunk.Options(experts=1, widths=(7, 6)))
    options = ProgressiveTrunk.Options(levels=1, task_experts=0, shared_experts=1, widths=(7, 6))
    progressive = ProgressiveTrunk(5, TASKS, options)
    for trunk, experts in ((mixture, mixture.experts), (progressive, progressive.levels[0])):
        shared = shared_with_weights_of(
            experts.experts if isinstance(experts, type(progressive.levels[0])) else experts, 0
        )
        for task in TASKS:
            torch.testing.assert_close(read(trunk, task), read(shared, task))


def test_a_mixture_is_the_sum_of_experts_times_their_gates() -> None:
    trunk = MixtureTrunk(5, TASKS, MixtureTrunk.Options(experts=2, widths=(6,)))
    experts = [read(shared_with_weights_of(trunk.experts, place), "one") for place in range(2)]
    assert trunk.gates is not None
    for place, task in enumerate(TASKS):
        gate = (ROWS @ trunk.gates.weight[2 * place : 2 * place + 2].T).softmax(dim=1)
        torch.testing.assert_close(read(trunk, task), gate[:, :1] * experts[0] + gate[:, 1:] * experts[1])
        reported = trunk.report(ROWS)["gates"][task]
        assert list(reported.values()) == pytest.approx(gate.mean(dim=0).tolist())
    assert trunk.report(None) == {}


def test_progressive_tasks_read_their_own_and_the_shared_experts() -> None:
    trunk = ProgressiveTrunk(
        5, TASKS, ProgressiveTrunk.Options(levels=2, task_experts=2, shared_experts=1, widths=(4,))
    )
    first, last = trunk.report(ROWS)["gates"]
    assert set(first) == {*TASKS, "shared"}
    assert set(last) == set(TASKS)
    assert set(last["two"]) == {"two_0", "two_1", "shared_0"}
    assert len(first["shared"]) == 7
    for level in (first, last):
        assert all(sum(shares.values()) == pytest.approx(1) for shares in level.values())


def test_a_progressive_gate_is_of_the_row_alone() -> None:
    """Softmax of W x, without a bias: a row of zeros reads all experts that it may alike."""
    trunk = ProgressiveTrunk(5, TASKS, ProgressiveTrunk.Options(levels=2, widths=(4,), shared_experts=3))
    first = trunk.report(torch.zeros(2, 5))["gates"][0]
    assert all(share == pytest.approx(1 / len(shares)) for shares in first.values() for share in shares.values())
    assert {name.rpartition(".")[2] for name, _ in trunk.named_parameters() if ".gates." in name} == {"weight"}


def test_progressive_tasks_without_shared_experts_are_alone() -> None:
    options = ProgressiveTrunk.Options(levels=2, task_experts=1, shared_experts=0, widths=(4,))
    trunk = ProgressiveTrunk(5, TASKS, options)
    read(trunk, "two").sum().backward()
    for level in trunk.levels:
        gradient = level.experts[0].weight.grad
        assert gradient[1].abs().sum() > 0
        assert gradient[[0, 2]].abs().sum() == 0


def test_a_progressive_trunk_without_any_expert_is_refused() -> None:
    with pytest.raises(ValueError, match="both 0"):
        ProgressiveTrunk.Options(task_experts=0, shared_experts=0)


def test_stitches_start_as_told_and_mix_the_columns() -> None:
    trunk = CrossStitchTrunk(5, TASKS, CrossStitchTrunk.Options(widths=(6,), own=0.8))
    stitch = trunk.report(None)["stitches"][0]
    assert stitch["two"] == pytest.approx({"one": 0.1, "two": 0.8, "three": 0.1})
    with torch.no_grad():
        trunk.stitches[0].copy_(torch.tensor([[0.5, 0.25, 0.0], [0.0, 1.0, 2.0], [-1.0, 0.0, 1.0]]))
    one, two, three = (read(shared_with_weights_of(trunk.layers[0], place), "one") for place in range(3))
    torch.testing.assert_close(read(trunk, "one"), 0.5 * one + 0.25 * two)
    torch.testing.assert_close(read(trunk, "two"), two + 2 * three)
    torch.testing.assert_close(read(trunk, "three"), three - one)


def test_columns_that_read_themselves_alone_are_single_networks() -> None:
    trunk = CrossStitchTrunk(5, TASKS, CrossStitchTrunk.Options(widths=(6, 4), own=1.0))
    read(trunk, "one").sum().backward()
    for layer in trunk.layers:
        gradient = layer[0].weight.grad
        assert gradient[0].abs().sum() > 0
        assert gradient[1:].abs().sum() == 0
