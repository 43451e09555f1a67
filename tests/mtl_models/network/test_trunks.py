from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from mtl_models import settings
from mtl_models.data.dataset import Dataset
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.trunks import TRUNKS
from mtl_models.network.trunks.base import Trunk
from mtl_models.serving.export import export_onnx
from mtl_models.settings import ModelSettings
from mtl_models.training.fit import FitSettings, TrainingData, fit
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING


class SeparateTrunk(Trunk):
    """A layer of its own for each task, each of another width."""

    class Options(settings.Options):
        width: int = 3

    def __init__(self, width: int, tasks: Sequence[str], options: Options) -> None:
        super().__init__()
        self.widths = {task: options.width + place for place, task in enumerate(tasks)}
        self.layers = nn.ModuleList([nn.Linear(width, size) for size in self.widths.values()])

    def forward(self, encoded: Tensor) -> dict[str, Tensor]:
        return {task: layer(encoded).tanh() for task, layer in zip(self.widths, self.layers, strict=True)}


@pytest.mark.parametrize("name", sorted(TRUNKS))
def test_every_trunk_gives_each_task_its_width_and_treats_rows_alone(name: str) -> None:
    torch.manual_seed(0)
    trunk = TRUNKS[name](10, ["one", "two"], TRUNKS[name].Options()).eval()
    encoded, order = torch.randn(20, 10), torch.randperm(20)
    found, shuffled = trunk(encoded), trunk(encoded[order])
    assert set(found) == {"one", "two"}
    for task, representation in found.items():
        members = (trunk.members,) if trunk.members else ()
        assert representation.shape == (20, *members, trunk.widths[task])
        torch.testing.assert_close(shuffled[task], representation[order])


@pytest.mark.parametrize("name", sorted(TRUNKS))
def test_every_part_of_a_trunk_is_trained(name: str) -> None:
    torch.manual_seed(0)
    trunk = TRUNKS[name](10, ["one", "two"], TRUNKS[name].Options())
    sum(each.sum() for each in trunk(torch.randn(20, 10)).values()).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in trunk.parameters())


def test_a_shared_trunk_without_layers_is_linear_in_its_input() -> None:
    trunk = TRUNKS["shared"](10, ["one"], TRUNKS["shared"].Options(widths=()))
    encoded = torch.randn(4, 10)
    assert torch.equal(trunk(encoded)["one"], encoded)


def test_a_new_trunk_is_a_class_and_a_line_in_the_registry(
    train: Dataset, valid: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(TRUNKS, "separate", SeparateTrunk)
    model = ModelSettings.model_validate({"trunk": {"name": "separate", "width": 2}})
    network = fit(
        TrainingData(train, valid, SPEC, TASKS), FitSettings(model, TRAINING.model_copy(update={"epochs": 1}))
    ).network
    save_network(network, tmp_path / "network.safetensors")
    export_onnx(load_network(tmp_path / "network.safetensors"), tmp_path / "model.onnx", metadata={}, check=valid)
    assert (tmp_path / "model.onnx").exists()
