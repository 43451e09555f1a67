from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import torch

from mtl_models.data.dataset import Dataset
from mtl_models.network.embeddings import domain_embeddings, nearest_neighbours
from mtl_models.network.network import Network
from mtl_models.settings import ModelSettings
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from tests.mtl_models.conftest import SPEC, TASKS, TRAINING


@pytest.fixture(scope="module")
def network(train: Dataset, valid: Dataset) -> Network:
    model = ModelSettings.model_validate(
        {"encoder": {"name": "domains", "width": 3}, "trunk": {"widths": [8], "name": "shared"}}
    )
    return fit(
        TrainingData(train, valid, SPEC, TASKS), FitSettings(model, TRAINING.model_copy(update={"epochs": 1}))
    ).network


def test_vectors_are_those_that_the_trunk_reads(network: Network, valid: Dataset) -> None:
    frame = domain_embeddings(network, valid)
    assert frame.columns == ["person_id", *(f"{domain}__e{place}" for domain in SPEC.domains for place in range(3))]
    assert frame["person_id"].to_list() == valid.person.tolist()
    inputs = torch.from_numpy(valid.inputs.numeric), torch.from_numpy(valid.inputs.categorical)
    with torch.no_grad():
        encoded = network.encoder(network.preprocess(*inputs))
    np.testing.assert_allclose(frame.drop("person_id").to_numpy(), encoded.numpy(), atol=1e-6)
    nobody = domain_embeddings(network, valid.take(np.arange(0)))
    assert nobody.schema == frame.schema
    assert nobody.height == 0


def test_a_network_without_domains_is_refused(fitted: Fitted, valid: Dataset) -> None:
    with pytest.raises(ValueError, match="encoder is 'plain'"):
        domain_embeddings(fitted.network, valid)


def test_neighbours_worked_by_hand() -> None:
    frame = pl.DataFrame(
        {
            "person_id": ["a", "b", "c", "d"],
            "lab__e0": [1.0, 2.0, 0.0, -1.0],
            "lab__e1": [0.0, 0.0, 3.0, 0.0],
            "home__e0": [0.0, 0.0, 0.0, 1.0],
        }
    )
    found = nearest_neighbours(frame, k=2, domain="lab")
    assert found.filter(person_id="a").rows() == [("a", 1, "b", 1.0), ("a", 2, "c", 0.0)]
    # a, b and d are equally far from c: in the order given
    assert found.filter(person_id="c")["neighbour_id"].to_list() == ["a", "b"]
    whole = nearest_neighbours(frame, k=3)
    assert whole.filter(person_id="a")["similarity"].to_list() == pytest.approx([1, 0, -1 / np.sqrt(2)])
    assert (whole["person_id"] != whole["neighbour_id"]).all()


def test_impossible_questions_are_refused() -> None:
    frame = pl.DataFrame({"person_id": ["a", "b"], "lab__e0": [1.0, 0.0]})
    with pytest.raises(ValueError, match="from 1 to 1"):
        nearest_neighbours(frame, k=2)
    with pytest.raises(ValueError, match="'diet'; there are lab"):
        nearest_neighbours(frame, k=1, domain="diet")
