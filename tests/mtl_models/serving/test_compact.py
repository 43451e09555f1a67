"""The compact form gives what the network gives, and no view reads what is hidden from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.layout import plan_layout
from mtl_models.network.network import Network
from mtl_models.serving.compact import CompactNetwork, FirstLayer, compact
from mtl_models.settings import ModelSettings
from tests.mtl_models.conftest import SPEC, TASKS

HIDDEN = {
    "lab__iron": ("tall", "type"),
    "lab__lead": ("tall",),
    "home__town": ("ill", "conditions"),
    "body__sex": ("grade",),
}
OWN = FeatureSpec(tuple(replace(each, hidden_from=HIDDEN.get(each.name, ())) for each in SPEC.features))
SHARED: dict[str, Any] = {"name": "shared", "widths": [8, 6], "dropout": 0.2, "input_dropout": 0.1}


def network_of(rows: Dataset, spec: FeatureSpec, model: dict[str, Any]) -> Network:
    torch.manual_seed(4)
    network = Network(spec, TASKS, ModelSettings.model_validate(model), plan_layout(spec, rows.inputs))
    network.fit_statistics(rows)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network.eval()


@torch.no_grad()
@pytest.mark.parametrize("spec", [SPEC, OWN], ids=["core", "own"])
@pytest.mark.parametrize("widths", [[], [5]], ids=["plain heads", "hidden heads"])
def test_the_compact_form_gives_what_the_network_gives(
    train: Dataset, odd_matrices: Matrices, spec: FeatureSpec, widths: list[int]
) -> None:
    view = "own" if spec is OWN else "core"
    network = network_of(train, spec, {"trunk": SHARED, "heads": {"widths": widths}, "view": view})
    short = compact(network)
    assert isinstance(short, CompactNetwork)
    short.eval()
    for inputs in (train.inputs, odd_matrices):
        rows = torch.from_numpy(inputs.numeric), torch.from_numpy(inputs.categorical)
        expected, found = network.predictions(*rows), short.predictions(*rows)
        assert list(expected) == [task.name for task in TASKS]
        for name, prediction in expected.items():
            torch.testing.assert_close(found[name], prediction, rtol=1e-5, atol=1e-6)


@given(
    masks=st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=6, unique_by=tuple),
    place=st.integers(0, 6),
)
@settings(max_examples=40, deadline=None)
def test_a_first_layer_is_one_product_a_view_of_what_it_sees(masks: Sequence[Sequence[bool]], place: int) -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(3, 7 + len(masks), generator=generator), torch.randn(3, generator=generator)
    encoded = torch.cat([torch.randn(7, 4, generator=generator), torch.ones(1, 4)])
    seen = {
        (f"task{view}",): frozenset([*(column for column in range(7) if mask[column]), 7 + view])
        for view, mask in enumerate(masks)
    }
    layer = FirstLayer(seen, weight, 7)
    other = encoded.clone()
    other[place] = -3 * other[place] + 100
    found, changed = layer(encoded, bias), layer(other, bias)
    for view, mask in enumerate(masks):
        rows = (encoded[:7] * torch.tensor(mask)[:, None]).T
        expected = rows @ weight[:, :7].T + weight[:, 7 + view] + bias
        torch.testing.assert_close(found[(f"task{view}",)], expected, rtol=1e-4, atol=1e-5)
        assert torch.equal(found[(f"task{view}",)], changed[(f"task{view}",)]) != mask[place]


@pytest.mark.parametrize(
    "model",
    [
        {"trunk": {"name": "shared", "widths": []}},
        {"trunk": {"name": "mmoe", "experts": 2, "widths": [6]}},
        {"trunk": SHARED, "encoder": {"name": "piecewise_linear", "n_bins": 4}},
        {"trunk": SHARED, "encoder": {"name": "domains"}},
    ],
    ids=["no layer", "another trunk", "embedded numbers", "another encoder"],
)
def test_other_networks_are_exported_as_they_are(train: Dataset, model: dict[str, Any]) -> None:
    network = network_of(train, SPEC, model)
    assert compact(network) is network
