"""Every part trains on a device other than the CPU; the device is pretended, so that no machine has to have one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset, FeatureSpec
from mtl_models.data.layout import plan_layout
from mtl_models.network.blanking import TableBlanker
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.trunks import TRUNKS
from mtl_models.settings import ModelSettings, TrainingSettings
from mtl_models.training.affinity import AffinityMeter
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.devices import find_device
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.history import Fitted
from mtl_models.training.prediction import predict
from mtl_models.training.reproducible import reproducible
from mtl_models.training.run import Run
from tests.mtl_models.conftest import SPEC, TASKS, make_dataset
from tests.mtl_models.pretended import NAME, Pretended, PretendedDevice

TABLES = {"body": ("BODY",), "lab": ("LAB",), "home": ()}
OWN = FeatureSpec(
    tuple(
        replace(each, tables=TABLES[each.domain], hidden_from=("ill",) if each.domain == "lab" else ())
        for each in SPEC.features
    )
)
TRUNK_OPTIONS: dict[str, dict[str, Any]] = {
    "grouped": {"groups": [["tall", "ill"], ["type"]], "trunk": {"name": "shared", "widths": [8]}},
    "tabm": {"k": 2, "d_block": 8},
    "ple": {"levels": 2, "widths": [8]},
}
PLAIN = TrainingSettings(device=NAME, epochs=1, batch_size=64, ema=0.9)


@pytest.fixture(autouse=True)
def device() -> Iterator[None]:
    with PretendedDevice():
        yield


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return make_dataset(80, 1)


@pytest.fixture(scope="module")
def others() -> Dataset:
    return make_dataset(60, 2)


def model_of(encoder: str = "plain", trunk: str = "shared") -> ModelSettings:
    options = TRUNK_OPTIONS.get(trunk, {"widths": [8]})
    return ModelSettings.model_validate({"encoder": {"name": encoder}, "trunk": {"name": trunk, **options}})


def trained(rows: Dataset, others: Dataset, model: ModelSettings, spec: FeatureSpec = SPEC, **changed: Any) -> Fitted:
    parsed = TrainingSettings.model_validate({**PLAIN.model_dump(), **changed})
    return fit(TrainingData(rows, others, spec, TASKS), FitSettings(model, parsed))


def assert_on_the_cpu(fitted: Fitted, people: Dataset) -> None:
    """What training gives is exported and saved where there is no device."""
    assert not [name for name, tensor in fitted.network.state_dict().items() if isinstance(tensor, Pretended)]
    assert all(np.isfinite(values).all() for values in predict(fitted.network, people).values())


def test_the_pretence_refuses_what_a_device_refuses() -> None:
    there, here = torch.zeros(3, device=NAME), torch.zeros(3)
    for mixed in (
        lambda: there + here,
        lambda: torch.where(here > 0, there, there),
        lambda: torch.stack([there, here]),
    ):
        with pytest.raises(RuntimeError, match="same device"):
            mixed()
    assert (there + 1).device.type == NAME
    assert there.cpu().device.type == "cpu"
    assert there[torch.tensor([0])].device.type == NAME


@pytest.mark.parametrize("spec", [SPEC, OWN], ids=["one view", "own views"])
@pytest.mark.parametrize("encoder", ENCODERS)
def test_every_encoder(rows: Dataset, others: Dataset, encoder: str, spec: FeatureSpec) -> None:
    assert_on_the_cpu(trained(rows, others, model_of(encoder), spec), others)


@pytest.mark.parametrize("spec", [SPEC, OWN], ids=["one view", "own views"])
@pytest.mark.parametrize("trunk", TRUNKS)
def test_every_trunk(rows: Dataset, others: Dataset, trunk: str, spec: FeatureSpec) -> None:
    assert_on_the_cpu(trained(rows, others, model_of(trunk=trunk), spec), others)


@pytest.mark.parametrize("balancer", BALANCERS)
def test_every_balancer(rows: Dataset, others: Dataset, balancer: str) -> None:
    assert_on_the_cpu(trained(rows, others, model_of(), balancing={"name": balancer}, epochs=3), others)


@pytest.mark.parametrize(
    "changed",
    [
        {"blank_tables": 0.3},
        {"stop": "own", "epochs": 2},
        {"measure_affinity": True},
        {"measure_affinity": "valid"},
        {"ema": 0.0, "gradient_clip": 0.0},
        {"distillation": {"networks": 1, "rows": 100, "training": {"blank_tables": 0.2}}},
        {"distillation": {"networks": 1, "rows": 100, "boosters": ["linear"]}},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_way_of_training(rows: Dataset, others: Dataset, changed: dict[str, Any]) -> None:
    assert_on_the_cpu(trained(rows, others, model_of(), OWN, **changed), others)


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("trunk", ["mmoe", "soft"])
def test_predictions_and_reports_are_made_where_the_network_is(others: Dataset, encoder: str, trunk: str) -> None:
    network = Network(OWN, TASKS, model_of(encoder, trunk), plan_layout(OWN, others.inputs))
    network.fit_statistics(others)
    here, said = predict(network, others), network.report(others.inputs)
    network.to(NAME)
    there = predict(network, others)
    assert all((here[name] == there[name]).all() for name in here)
    assert network.report(others.inputs) == said


def test_the_device_changes_no_figure_of_what_draws_no_random_number(rows: Dataset, others: Dataset) -> None:
    there = trained(rows, others, model_of(), OWN, epochs=3)
    here = trained(rows, others, model_of(), OWN, epochs=3, device="cpu")
    assert there.history == here.history


def run_with(rows: Dataset, others: Dataset, **changed: Any) -> Run:
    model = ModelSettings.model_validate({"trunk": {"name": "shared", "widths": [8], "dropout": 0.5}})
    training = TrainingSettings.model_validate({**PLAIN.model_dump(), **changed})
    network = Network(OWN, TASKS, model, plan_layout(OWN, rows.inputs))
    network.fit_statistics(rows)
    return Run(network, rows, others, training, np.random.default_rng(0), seed=0)


def test_a_step_that_is_replayed_has_the_same_dropout_masks(rows: Dataset, others: Dataset) -> None:
    """Without a step nothing changes a loss, so the second look must be the first one again."""
    with reproducible(0, 1):
        run = run_with(rows, others)
        run.network.train()
        batch = run.train.take(np.arange(64))
        meter = AffinityMeter(run.network, step=0.0)
        meter.measure(batch)
    assert all(value == 0 for row in meter.end_epoch().lookahead.values() for value in row.values())


def test_a_blanker_is_where_the_rows_are(rows: Dataset, others: Dataset) -> None:
    run = run_with(rows, others, blank_tables=0.5)
    assert run.blank is not None
    assert {tensor.device.type for tensor in run.blank.buffers()} == {NAME}
    left = TableBlanker(OWN, run.network.layout, run.network.preprocess.to("cpu"), chance=0.5)
    with pytest.raises(RuntimeError, match="same device"):
        left(run.train.prepared)


def test_no_step_asks_the_device_which_tasks_have_labels(rows: Dataset, others: Dataset) -> None:
    """Which tasks have a label is known on the CPU, and is what the targets themselves say."""
    run = run_with(rows, others)
    for start in range(0, 70, 7):
        batch = run.train.take(np.arange(start, start + 2))
        asked = [name for name, target in batch.targets.items() if not bool(target.isnan().all())]
        assert list(batch.tasks) == asked


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gpu", "training.device: 'gpu' is no device"),
        (f"{NAME}:3", f"there is no {NAME}:3, the last one here is {NAME}:0"),
        pytest.param(
            "cuda",
            "training.device: this machine, or this build of torch, has no cuda: write cpu",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is one here"),
        ),
    ],
)
def test_a_device_that_is_not_there_is_said_before_training(
    rows: Dataset, others: Dataset, name: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        trained(rows, others, model_of(), device=name)
    assert find_device(NAME).type == NAME
