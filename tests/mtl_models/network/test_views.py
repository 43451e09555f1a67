"""A task's output does not depend on what its view hides: not by a bit, in torch, in its gradient or in the file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.network.trunks.base import Trunk
from mtl_models.network.views import plan_views
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import open_session, run_session
from mtl_models.settings import ModelSettings, TrainingSettings
from mtl_models.training.fit import FitSettings, TrainingData, fit
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING

HIDDEN = {"lab__iron": ("tall",), "lab__lead": ("tall",), "home__town": ("tall", "ill", "conditions")}
OWN = FeatureSpec(tuple(replace(each, hidden_from=HIDDEN.get(each.name, ())) for each in SPEC.features))
NAMES = [task.name for task in TASKS]
NUMBERS = {"lab__iron": 2, "lab__lead": 3}
ENCODERS: tuple[dict[str, Any], ...] = (
    {"name": "plain"},
    {"name": "piecewise_linear", "n_bins": 4},
    {"name": "domains"},
    {"name": "grid_convolution", "channels": [4], "width": 8},
    {"name": "attention", "per_task": True},
    {"name": "attention", "per_task": False, "d_hidden": 3},
)
TRUNKS: tuple[dict[str, Any], ...] = (
    {"name": "shared", "widths": [8, 6]},
    {"name": "shared", "widths": []},
    {"name": "soft", "widths": [6]},
    {"name": "cross_stitch", "widths": [6]},
    {"name": "mmoe", "experts": 2, "widths": [6]},
    {"name": "ple", "widths": [6]},
    {"name": "tabm", "k": 3, "d_block": 6},
    {"name": "grouped", "groups": [["tall", "grade"]], "trunk": {"name": "shared", "widths": [6]}},
    {"name": "tabm", "k": 3, "d_block": 6, "kind": "tabm-mini"},
)


def network_of(train: Dataset, encoder: dict[str, Any], trunk: dict[str, Any]) -> Network:
    torch.manual_seed(3)
    settings = ModelSettings.model_validate({"encoder": encoder, "trunk": trunk, "view": "own"})
    network = Network(OWN, TASKS, settings, plan_layout(OWN, train.inputs))
    network.fit_statistics(train)
    with torch.no_grad():
        for parameter in network.parameters():  # nothing may vanish because it starts at zero
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network.eval()


def hiding(feature: str) -> list[str]:
    return [task for task in NAMES if task in HIDDEN[feature]]


@pytest.mark.parametrize("trunk", TRUNKS, ids=lambda part: "-".join(map(str, part.values())))
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda part: part["name"])
def test_a_hidden_column_has_no_effect_and_no_gradient(
    train: Dataset, encoder: dict[str, Any], trunk: dict[str, Any]
) -> None:
    if encoder["name"] != "plain" and trunk["name"] not in ("shared", "tabm"):
        pytest.skip("the other trunks run once a view whatever the encoder is")
    network = network_of(train, encoder, trunk)
    numeric, categorical = torch.from_numpy(train.inputs.numeric[:20]), torch.from_numpy(train.inputs.categorical[:20])
    numeric = torch.where(numeric.isnan(), 60.0, numeric).requires_grad_()
    before = network.predictions(numeric, categorical)
    for feature, place in NUMBERS.items():
        other = numeric.detach().clone()
        other[:, place] = other[:, place] * 1.7 - 30
        other[::3, place] = float("nan")
        after = network.predictions(other, categorical)
        for task in NAMES:
            # weighted, since the probabilities of classes always add up to the same
            weighted = before[task] @ torch.arange(1.0, before[task].shape[1] + 1)
            (slope,) = torch.autograd.grad(weighted.sum(), numeric, retain_graph=True)
            if task in hiding(feature):
                assert torch.equal(before[task], after[task]), f"{task} sees {feature}"
                assert (slope[:, place] == 0).all()
            else:
                assert not torch.equal(before[task], after[task]), f"{task} does not see {feature}"
                assert (slope[:, place] != 0).any()
    towns = categorical.clone()
    towns[:, 1] = (towns[:, 1] + 1) % 2
    after = network.predictions(numeric, towns)
    for task in NAMES:
        assert torch.equal(before[task], after[task]) == (task in hiding("home__town")), task


@pytest.mark.parametrize("trunk", [TRUNKS[0], TRUNKS[6]], ids=lambda part: part["name"])
def test_one_first_layer_for_all_views_is_a_masked_copy_a_view(train: Dataset, trunk: dict[str, Any]) -> None:
    network = network_of(train, {"name": "plain"}, trunk)
    if trunk["name"] == "tabm":
        # there the shift is not scaled by the members: without one the two are the same
        torch.nn.init.zeros_(network.views.shift)  # type: ignore[union-attr]
    prepared = network.preprocess(*map(torch.from_numpy, (train.inputs.numeric, train.inputs.categorical)))
    encoded = network.encoder(prepared)
    views = network.views.of(NAMES)  # type: ignore[union-attr]
    once = network.trunk.in_views(encoded, views)
    copies = Trunk.in_views(network.trunk, encoded, views)
    for task in NAMES:
        torch.testing.assert_close(once[task], copies[task], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("encoder", "n_runs"), [(ENCODERS[3], 3), (ENCODERS[4], len(TASKS))], ids=["view", "task"])
def test_the_trunk_runs_once_a_row_and_reports_of_the_rows_that_it_runs_on(
    train: Dataset, encoder: dict[str, Any], n_runs: int
) -> None:
    network = network_of(train, encoder, TRUNKS[4])
    ran: list[torch.Tensor] = []
    network.trunk.register_forward_hook(lambda _module, given, _found: ran.append(given[0]))
    network.predictions(torch.from_numpy(train.inputs.numeric), torch.from_numpy(train.inputs.categorical))
    assert len(ran) == n_runs
    reported: list[dict[str, Any]] = list(network.report(train.inputs)["trunk"].values())
    assert len(reported) == len(TASKS)
    expected = [network.trunk.report(row) for row in ran]
    assert all(report in expected for report in reported)
    assert all(report in reported for report in expected)


def test_tasks_that_hide_the_same_share_a_view() -> None:
    views = plan_views(OWN, NAMES)
    assert [view.tasks for view in views] == [("tall",), ("ill", "conditions"), ("type", "grade", "side")]
    assert views[1].hidden == {"home__town"}
    assert not views[2].hidden


def test_without_anything_hidden_the_network_is_the_plain_one(train: Dataset) -> None:
    settings = ModelSettings.model_validate({"trunk": {"name": "shared", "widths": [8]}})
    networks = []
    for view in ("core", "own"):
        torch.manual_seed(0)
        own = settings.model_copy(update={"view": view})
        networks.append(Network(SPEC, TASKS, own, plan_layout(SPEC, train.inputs)))
    first, second = (network.state_dict() for network in networks)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_the_exported_file_keeps_the_views_apart(train: Dataset, valid: Dataset, tmp_path: Path) -> None:
    settings = ModelSettings.model_validate({"trunk": {"name": "shared", "widths": [8]}, "view": "own"})
    training = TrainingSettings(**{**TRAINING.model_dump(), "epochs": 3})
    fitted = fit(TrainingData(train, valid, OWN, TASKS), FitSettings(settings, training))
    export_onnx(fitted.network, tmp_path / "model.onnx", metadata={}, check=valid)
    session = open_session((tmp_path / "model.onnx").read_bytes())
    numeric = valid.inputs.numeric.copy()
    numeric[:, [2, 3]] = np.nan
    before, after = (
        run_session(session, matrices) for matrices in (valid.inputs, Matrices(numeric, valid.inputs.categorical))
    )
    assert np.array_equal(before["tall"], after["tall"])
    assert not np.array_equal(before["ill__p"], after["ill__p"])
