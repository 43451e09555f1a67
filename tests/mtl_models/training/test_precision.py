"""Autocast and the fused optimiser: what trains, what stays in float32, and that nothing changes without them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import plan_layout
from mtl_models.network.checkpoint import save_network
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.trunks import TRUNKS
from mtl_models.serving.export import export_onnx
from mtl_models.settings import ModelSettings, TrainingSettings, parse_settings
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.reproducible import reproducible
from mtl_models.training.run import Run
from mtl_models.training.tensors import batch_losses
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_dataset

OPTIONS = [{"precision": "bfloat16"}, {"optimizer": "fused_adamw"}]
BOTH = {"precision": "bfloat16", "optimizer": "fused_adamw"}
ROOT = Path(__file__).parents[3]
SCRIPT = """
import json, sys
from pathlib import Path
from tests.mtl_models.training.test_precision import written
written(Path(sys.argv[1]), json.loads(sys.argv[2]))
"""


def trained(changes: dict[str, Any], model: ModelSettings = MODEL, epochs: int = 12, n_rows: int = 300) -> Fitted:
    settings = TrainingSettings.model_validate({**TRAINING.model_dump(), "epochs": epochs, **changes})
    data = TrainingData(make_dataset(n_rows, 1), make_dataset(200, 2), SPEC, TASKS)
    return fit(data, FitSettings(model, settings))


def written(path: Path, changes: dict[str, Any]) -> None:
    save_network(trained(changes, epochs=4).network, path)


@pytest.mark.parametrize("changes", OPTIONS, ids=lambda changes: next(iter(changes.values())))
def test_an_option_trains_as_well_in_other_bits_and_exports_with_parity(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    plain, fitted = trained({}), trained(changes)
    scores = [each.history[each.epoch - 1].score for each in (plain, fitted)]
    assert scores[1] == pytest.approx(scores[0], abs=0.02)
    assert plain.history != fitted.history
    assert {weight.dtype for weight in fitted.network.state_dict().values()} == {torch.float32}
    export_onnx(fitted.network, tmp_path / "model.onnx", metadata={}, check=make_dataset(200, 2))


def test_both_options_give_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    here, there = tmp_path / "here.safetensors", tmp_path / "there.safetensors"
    written(here, BOTH)
    subprocess.run([sys.executable, "-c", SCRIPT, str(there), json.dumps(BOTH)], cwd=ROOT, check=True, timeout=240)
    assert here.read_bytes() == there.read_bytes()


@pytest.mark.parametrize(
    ("part", "name"),
    [("encoder", name) for name in ENCODERS] + [("trunk", name) for name in TRUNKS if name != "grouped"],
)
def test_every_part_trains_in_sixteen_bits(part: str, name: str) -> None:
    fitted = trained(BOTH, ModelSettings.model_validate({part: name}), epochs=1, n_rows=80)
    assert np.isfinite(fitted.history[0].score)


@pytest.mark.parametrize("name", BALANCERS)
def test_every_balancer_trains_in_sixteen_bits(name: str) -> None:
    fitted = trained({**BOTH, "balancing": {"name": name}}, epochs=1, n_rows=80)
    assert np.isfinite(fitted.history[0].score)


def run_on(train: Dataset, changes: dict[str, Any]) -> Run:
    settings = TrainingSettings.model_validate({**TRAINING.model_dump(), **changes})
    network = Network(SPEC, TASKS, MODEL, plan_layout(SPEC, train.inputs))
    network.fit_statistics(train)
    return Run(network, train, train, settings, np.random.default_rng(0), seed=0)


def test_products_are_of_sixteen_bits_and_losses_gradients_and_validation_are_not(train: Dataset) -> None:
    seen: list[torch.dtype] = []
    with reproducible(0, 1):
        run = run_on(train, {"precision": "bfloat16"})
        run.network.trunk.register_forward_hook(lambda _, __, found: seen.append(next(iter(found.values())).dtype))
        record = run.epoch(1)
    assert seen == [torch.bfloat16] * -(-len(train) // TRAINING.batch_size)
    assert {parameter.grad.dtype for parameter in run.parameters if parameter.grad is not None} == {torch.float32}
    with torch.no_grad():
        assert {name: float(loss) for name, loss in batch_losses(run.kept, run.valid).items()} == record.valid


def test_an_unknown_word_is_named() -> None:
    for record in ({"precision": "float16"}, {"optimizer": "sgd"}):
        with pytest.raises(ValueError, match=f"training.{next(iter(record))}"):
            parse_settings(TrainingSettings, record, where="training")


def test_settings_without_the_options_are_written_as_before() -> None:
    assert not {"precision", "optimizer"} & TrainingSettings().model_dump().keys()
    assert TrainingSettings.model_validate(BOTH).model_dump().items() >= BOTH.items()
