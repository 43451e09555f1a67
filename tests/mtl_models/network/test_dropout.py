"""Dropout with cheap masks does what the library's does."""

from __future__ import annotations

import pytest
import torch

from mtl_models.network.dropout import Dropout


@pytest.mark.parametrize("p", [0.1, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("shape", [(40001,), (131, 7, 43)])
def test_each_value_is_dropped_with_the_chance_and_the_mean_kept(p: float, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    values = torch.ones(shape, requires_grad=True)
    dropped = Dropout(p)(values)
    n = values.numel()
    share = float((dropped == 0).float().mean())
    assert abs(share - p) < 4 * (p * (1 - p) / n) ** 0.5 + 2**-16
    assert dropped[dropped != 0].unique().tolist() == pytest.approx([1 / (1 - p)], rel=2e-4)
    dropped.sum().backward()
    assert torch.equal(values.grad, dropped.detach())  # type: ignore[arg-type]


def test_neighbours_are_dropped_on_their_own() -> None:
    torch.manual_seed(1)
    kept = (Dropout(0.5)(torch.ones(200_000)) != 0).double()
    for gap in (1, 2, 3, 4, 5, 8):
        together = float((kept[:-gap] * kept[gap:]).mean())
        assert together == pytest.approx(0.25, abs=0.005), gap
    for place in range(4):  # the four parts of one number
        assert float(kept[place::4].mean()) == pytest.approx(0.5, abs=0.01)


def test_nothing_is_dropped_without_training_or_chance_and_a_seed_repeats() -> None:
    values = torch.randn(5, 3)
    layer = Dropout(0.5)
    assert layer.eval()(values) is values
    assert Dropout(0.0)(values) is values
    masks = []
    for _ in range(2):
        torch.manual_seed(7)
        masks.append(layer.train()(values))
    assert torch.equal(*masks)
    assert repr(layer) == "Dropout(p=0.5)"
    assert layer(torch.empty(0, 3)).shape == (0, 3)
    for wrong in (-0.1, 1.0):
        with pytest.raises(ValueError, match="dropout"):
            Dropout(wrong)
