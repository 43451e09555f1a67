"""Every way of sharing with every other: all encoders with all trunks, all balancers with trunks of each sort.

Each encoder is trained with each trunk (heads with and without a hidden layer in turns), exported, and scored through
the scorer. An export costs seconds and grows with the graph, so the networks of an encoder go into one file, each
with one kind of task in turns, some labels missing.

Left out here: all tasks at once for each pair, and the bytes of each pair's weights (test_architectures.py has both),
a file of its own for each pair (it has one for each encoder and trunk), the export of every second pair unless the
encoder gives each task a row of its own (where one vector goes from encoder to trunk, either's graph is the same
beside any other), and every balancer with every trunk: a balancer sees shared and own parameters, of which the trunks
here have each sort: one representation, one a task with a penalty, gates, members.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.network import Network
from mtl_models.network.task_networks import TaskNetworks
from mtl_models.network.trunks import TRUNKS
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.settings import Component, HeadSettings
from mtl_models.training.balancing import BALANCERS
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING, make_dataset, make_frames
from tests.mtl_models.network.test_architectures import settings_of

ENCODER_NAMES, TRUNK_NAMES = sorted(ENCODERS), sorted(TRUNKS)
MAIN = [task.name for task in TASKS if task.role == "main"]
SORTS = ["shared", "soft", "mmoe", "tabm"]


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
    """Trained on its main task, renamed after the trunk, beside an auxiliary one."""
    name, place = kind_of(encoder, trunk), place_of(encoder, trunk)
    own = f"{trunk}_{name}"
    tasks = [replace(TASKS[MAIN.index(name)], name=own), TASKS[-1]]
    parts = (replace(part, targets={own: part.targets[name], **part.targets}) for part in (rows, others))
    model = settings_of(encoder, trunk).model_copy(update={"heads": HeadSettings(widths=(4,) if place % 2 else ())})
    return fit(TrainingData(*parts, SPEC, tasks), FitSettings(model, TRAINING.model_copy(update={"epochs": 2}))).network


def is_exported(encoder: str, trunk: str) -> bool:
    return encoder == "attention" or place_of(encoder, trunk) % 2 == 0


def test_the_turns_bring_every_kind_to_every_encoder_and_trunk() -> None:
    pairs = list(product(ENCODER_NAMES, TRUNK_NAMES))
    exported = [pair for pair in pairs if is_exported(*pair)]
    assert {encoder for encoder, _ in exported} == set(ENCODER_NAMES)
    assert {trunk for _, trunk in exported} == set(TRUNK_NAMES)
    assert {kind_of(*pair) for pair in exported} == set(MAIN)
    for position, names in enumerate((ENCODER_NAMES, TRUNK_NAMES)):
        for name in names:
            assert {kind_of(*pair) for pair in pairs if pair[position] == name} == set(MAIN)


@pytest.mark.parametrize("encoder", ENCODER_NAMES)
def test_every_pair_trains_exports_and_scores(encoder: str, rows: Dataset, others: Dataset, tmp_path: Path) -> None:
    pairs = {trunk: train_pair(encoder, trunk, rows, others) for trunk in TRUNK_NAMES}
    assert all(np.isfinite(predict(each, others)[each.tasks[0].name]).all() for each in pairs.values())
    networks = {each.tasks[0].name: each for trunk, each in pairs.items() if is_exported(encoder, trunk)}
    path = tmp_path / "model.onnx"
    export_onnx(TaskNetworks(networks), path, metadata={"study": "small"}, check=others)
    graph = onnx.load(path).graph
    assert all(value.type.tensor_type.shape.dim[0].dim_param for value in (*graph.input, *graph.output))
    frame, scorer = make_frames(80, 2)[0], Scorer(path)
    scores = scorer.score(frame)
    for name, network in networks.items():
        columns = list(network.head(name).task.prediction_columns)
        np.testing.assert_allclose(
            scores.select(columns).to_numpy(), predict(network, others)[name], rtol=1e-5, atol=2e-5
        )
    assert scorer.score(frame.head(1)).height == 1


@pytest.mark.parametrize(("balancer", "trunk"), list(product(sorted(BALANCERS), SORTS)))
def test_every_balancer_moves_trunks_of_each_sort(balancer: str, trunk: str, rows: Dataset, others: Dataset) -> None:
    model = settings_of("plain", trunk)
    first, second = (
        fit(
            TrainingData(rows, others, SPEC, TASKS),
            FitSettings(model, TRAINING.model_copy(update=change | {"ema": 0.0})),
        ).network
        for change in (
            {"epochs": 1, "learning_rate": 1e-9, "weight_decay": 0.0},
            {"epochs": 1, "balancing": Component(name=balancer)},
        )
    )
    assert all(np.isfinite(values).all() for values in predict(second, others).values())
    after = dict(second.named_parameters())
    still = {name for name, each in first.named_parameters() if torch.allclose(each, after[name], atol=1e-6)}
    assert not still
