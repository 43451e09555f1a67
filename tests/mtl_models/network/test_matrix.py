"""Every way of sharing with every other: all encoders with all trunks, all balancers with trunks of each sort.

Each encoder is trained with each trunk on all kinds of task, some labels missing (heads with and without a hidden layer
in turns), once for every test here and once more for its bytes. An export costs seconds and grows with the graph, so
every encoder goes with another trunk, and all these networks into one file, each with one of its tasks.

Left out here: a file of its own for each pair, the export of the other pairs (a trunk reads rows of one
width, so that its graph and the encoder's are the same beside any other; rows of a task's own are several such
readings, which a network of all tasks shows), and every balancer with every trunk: a balancer sees shared and own
parameters, of which the trunks here have each sort: one representation, one a task with a penalty, gates, members.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.network.checkpoint import load_network, save_network
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.task_networks import TaskNetworks
from mtl_models.network.trunks import TRUNKS
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import Component
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING, make_dataset, make_frames
from tests.mtl_models.network.test_architectures import settings_of

ENCODER_NAMES, TRUNK_NAMES = sorted(ENCODERS), sorted(TRUNKS)
MAIN = [task.name for task in TASKS if task.role == "main"]
SORTS = ["shared", "soft", "mmoe", "tabm"]
SHIFT = 3  # which trunk goes with which encoder into the file


@pytest.fixture(scope="module")
def rows() -> Dataset:
    return make_dataset(160, 1)


@pytest.fixture(scope="module")
def others() -> Dataset:
    return make_dataset(80, 2)


def place_of(encoder: str, trunk: str) -> int:
    return ENCODER_NAMES.index(encoder) + TRUNK_NAMES.index(trunk)


def kind_of(encoder: str, trunk: str) -> str:
    """The main task of a pair; the next pair has another."""
    return MAIN[place_of(encoder, trunk) % len(MAIN)]


def train_pair(encoder: str, trunk: str, rows: Dataset, others: Dataset) -> Network:
    """Trained on all tasks, renamed after the trunk; heads with and without a hidden layer in turns."""
    prefix = f"{trunk}_"
    tasks = [replace(task, name=f"{prefix}{task.name}") for task in TASKS]
    train, valid = (
        replace(part, targets={f"{prefix}{name}": target for name, target in part.targets.items()})
        for part in (rows, others)
    )
    model = settings_of(encoder, trunk, widths=(4,) if place_of(encoder, trunk) % 2 else (), prefix=prefix)
    training = TRAINING.model_copy(update={"epochs": 2})
    network = fit(TrainingData(train, valid, SPEC, tasks), FitSettings(model, training)).network
    assert isinstance(network, Network)
    return network


Pairs = Callable[[str, str], Network]


@pytest.fixture(scope="module")
def trained(rows: Dataset, others: Dataset) -> Pairs:
    """The network of a pair, trained once for all tests here."""
    return cache(lambda encoder, trunk: train_pair(encoder, trunk, rows, others))


def exported_pairs() -> list[tuple[str, str]]:
    """Pairs with every encoder and every trunk in them."""
    size = max(len(ENCODER_NAMES), len(TRUNK_NAMES))
    return [
        (ENCODER_NAMES[place % len(ENCODER_NAMES)], TRUNK_NAMES[(place + SHIFT) % len(TRUNK_NAMES)])
        for place in range(size)
    ]


def test_the_pairs_bring_every_kind_to_every_encoder_and_trunk() -> None:
    pairs = list(product(ENCODER_NAMES, TRUNK_NAMES))
    exported = exported_pairs()
    assert {encoder for encoder, _ in exported} == set(ENCODER_NAMES)
    assert {trunk for _, trunk in exported} == set(TRUNK_NAMES)
    assert {kind_of(*pair) for pair in exported} == set(MAIN)
    for position, names in enumerate((ENCODER_NAMES, TRUNK_NAMES)):
        for name in names:
            assert {kind_of(*pair) for pair in pairs if pair[position] == name} == set(MAIN)


@pytest.mark.parametrize(("encoder", "trunk"), list(product(ENCODER_NAMES, TRUNK_NAMES)))
def test_every_pair_trains_reports_and_comes_back_from_its_file(
    encoder: str,
    trunk: str,
    trained: Pairs,
    rows: Dataset,
    others: Dataset,
    odd_matrices: Matrices,
    tmp_path: Path,
) -> None:
    network = trained(encoder, trunk)
    save_network(network, tmp_path / "first")
    save_network(train_pair(encoder, trunk, rows, others), tmp_path / "second")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    before, after = predict(network, others), predict(load_network(tmp_path / "first"), others)
    for task in network.tasks:
        assert before[task.name].shape == (len(others), task.n_outputs)
        assert (before[task.name] == after[task.name]).all()
    order = np.random.default_rng(0).permutation(len(others))
    shuffled = predict(network, others.take(order))
    for name, values in before.items():
        np.testing.assert_allclose(shuffled[name], values[order], rtol=1e-5, atol=1e-5)
    assert all(np.isfinite(values).all() for values in predict(network, odd_matrices).values())
    report = network.report(others.inputs)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert set(network.report()) <= set(report)


def test_every_encoder_and_trunk_exports_and_scores(trained: Pairs, others: Dataset, tmp_path: Path) -> None:
    networks = {f"{trunk}_{kind_of(encoder, trunk)}": trained(encoder, trunk) for encoder, trunk in exported_pairs()}
    path = tmp_path / "model.onnx"
    export_onnx(TaskNetworks(networks), path, metadata={"study": "small"}, check=others)
    require_free_rows(path)
    frame, scorer = make_frames(80, 2)[0], Scorer(path)
    scores = scorer.score(frame)
    for name, network in networks.items():
        columns = list(network.head(name).task.prediction_columns)
        np.testing.assert_allclose(
            scores.select(columns).to_numpy(), predict(network, others)[name], rtol=1e-5, atol=2e-5
        )
    assert scorer.score(frame.head(1)).height == 1


def require_free_rows(path: Path) -> None:
    graph = onnx.load(path).graph
    assert all(value.type.tensor_type.shape.dim[0].dim_param for value in (*graph.input, *graph.output))


# of what the trunk gives heads see the members alone: with and without them; a row a task, and one for all
@pytest.mark.parametrize(("encoder", "trunk"), [("domains", "tabm"), ("attention", "ple")])
def test_a_network_of_all_tasks_exports_with_parity_and_scores(
    encoder: str, trunk: str, trained: Pairs, others: Dataset, tmp_path: Path
) -> None:
    export_onnx(trained(encoder, trunk), tmp_path / "model.onnx", metadata={"study": "small"}, check=others)
    require_free_rows(tmp_path / "model.onnx")
    assert Scorer(tmp_path / "model.onnx").score(make_frames(7, 3)[0]).height == 7


@pytest.mark.parametrize(("balancer", "trunk"), list(product(sorted(BALANCERS), SORTS)))
def test_every_balancer_moves_trunks_of_each_sort(
    balancer: str, trunk: str, start: Callable[[str], Network], rows: Dataset, others: Dataset
) -> None:
    moved = train_balanced(trunk, rows, others, {"balancing": Component(name=balancer)})
    assert all(np.isfinite(values).all() for values in predict(moved, others).values())
    after = dict(moved.named_parameters())
    still = {name for name, each in start(trunk).named_parameters() if torch.allclose(each, after[name], atol=1e-6)}
    assert not still


def train_balanced(trunk: str, rows: Dataset, others: Dataset, change: dict[str, Any]) -> Network:
    training = TRAINING.model_copy(update=change | {"epochs": 1, "ema": 0.0})
    fitted = fit(TrainingData(rows, others, SPEC, TASKS), FitSettings(settings_of("plain", trunk), training))
    assert isinstance(fitted.network, Network)
    return fitted.network


@pytest.fixture(scope="module")
def start(rows: Dataset, others: Dataset) -> Callable[[str], Network]:
    """A network that has not moved from its first weights."""
    return cache(lambda trunk: train_balanced(trunk, rows, others, {"learning_rate": 1e-9, "weight_decay": 0.0}))
