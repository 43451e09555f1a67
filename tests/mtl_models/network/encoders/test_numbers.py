from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter
from rtdl_num_embeddings import PiecewiseLinearEmbeddings, compute_bins
from torch import Tensor

from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.data.layout import plan_layout
from mtl_models.network.encoders.domains import DomainEncoder
from mtl_models.network.encoders.numbers import NumberOptions, PiecewiseLinear
from mtl_models.network.encoders.plain import PlainEncoder
from mtl_models.network.network import Network
from mtl_models.network.preprocess import Preprocessor
from mtl_models.settings import ModelSettings, PreprocessSettings
from tests.mtl_models.conftest import SPEC, TASKS, make_dataset

COLUMN = torch.tensor([[0.0], [1.0], [2.0], [3.0], [4.0]])


def pieces(embedding: PiecewiseLinear, rows: Tensor) -> Tensor:
    encoded: Tensor = embedding.embed.get_submodule("impl")(rows)
    return encoded


def make(n_numbers: int, n_bins: int, train: Tensor) -> PiecewiseLinear:
    torch.manual_seed(0)
    embedding = PiecewiseLinear.Options(n_bins=n_bins, d_embedding=3).build(n_numbers)
    embedding.fit(train)
    return embedding


def test_pieces_worked_by_hand() -> None:
    embedding = make(1, 2, COLUMN)
    # quartile ends 0, 2 and 4; beyond them the outer pieces go on
    rows = torch.tensor([[1.0], [3.0], [5.0], [-1.0]])
    assert pieces(embedding, rows)[:, 0].tolist() == [[0.5, 0.0], [1.0, 0.5], [1.0, 1.5], [-0.5, 0.0]]


def test_columns_with_fewer_pieces_equal_the_package() -> None:
    random = torch.Generator().manual_seed(0)
    train = torch.stack([torch.randn(50, generator=random), (torch.rand(50, generator=random) < 0.3).float()], dim=1)
    embedding = make(2, 5, train)
    with pytest.warns(UserWarning, match="two bin edges"):
        theirs = PiecewiseLinearEmbeddings(compute_bins(train, 5), 3, activation=False, version="B")
    with torch.no_grad():
        theirs.linear.weight.normal_()
    embedding.embed.load_state_dict(
        {name: tensor for name, tensor in theirs.state_dict().items() if "impl" not in name}, strict=False
    )
    torch.testing.assert_close(embedding(train), theirs(train))
    assert embedding(train).abs().max() > 0


def test_a_column_that_never_varies_has_no_pieces() -> None:
    train = torch.cat([COLUMN, torch.full((5, 1), 2.0)], dim=1)
    with pytest.raises(ValueError, match="at least two distinct values"):
        compute_bins(train, 3)
    embedding = make(2, 3, train)
    assert torch.isfinite(embedding(train)).all()
    assert (pieces(embedding, train)[:, 1] == 0).all()
    assert (pieces(embedding, train)[1:, 0] != 0).any()
    assert (pieces(make(1, 3, train[:, 1:]), train[:, 1:]) == 0).all()


def test_gaps_are_filled_before_pieces_are_cut_from_training_rows_alone() -> None:
    rows = make_dataset(60, 0)
    assert np.isnan(rows.inputs.numeric).any()
    with pytest.raises(ValueError, match="nan/inf"):
        compute_bins(torch.from_numpy(rows.inputs.numeric), 4)
    network = build({"name": "piecewise_linear", "n_bins": 4}, rows)
    impl = network.encoder.get_submodule("block.numbers.embed.impl")
    prepared = network.preprocess(
        torch.from_numpy(rows.inputs.numeric), torch.from_numpy(rows.inputs.categorical)
    ).values[:, : impl.weight.shape[0]]
    low, high = prepared.min(dim=0).values, prepared.max(dim=0).values
    # the first piece starts at the least training value, the last ends at the greatest
    torch.testing.assert_close(impl.weight[:, 0] * low + impl.bias[:, 0], torch.zeros_like(low), atol=1e-4, rtol=0)
    torch.testing.assert_close(impl.weight[:, -1] * high + impl.bias[:, -1], torch.ones_like(low), atol=1e-4, rtol=0)


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 3 training rows, found 2"):
        make(1, 4, COLUMN[:2])
    assert torch.isfinite(make(1, 40, COLUMN)(COLUMN)).all()


@pytest.mark.parametrize("numbers", ["piecewise_linear", "periodic"])
def test_numbers_can_be_embedded_in_each_domain(numbers: str) -> None:
    network = build(
        {"name": "domains", "numbers": {"name": numbers, "d_embedding": 5}, "width": 6}, make_dataset(60, 0)
    )
    assert isinstance(network.encoder, DomainEncoder)
    # lab: two numbers of five columns, and one indicator that both share
    assert network.encoder.blocks["domain_lab"].width == 11


def test_an_unknown_embedding_is_refused() -> None:
    with pytest.raises(ValueError, match="piecewise_linear"):
        TypeAdapter(NumberOptions).validate_python({"name": "spline"})


def build(encoder: dict[str, object], rows: Dataset) -> Network:
    torch.manual_seed(0)
    settings = ModelSettings.model_validate({"encoder": encoder})
    network = Network(SPEC, TASKS, settings, plan_layout(SPEC, rows.inputs))
    network.fit_statistics(rows)
    return network.eval()


def test_a_number_of_two_values_stays_as_it_is(train: Dataset) -> None:
    """Its embedding would be a line: the same function of the row at three times the width."""
    inputs = Matrices(train.inputs.numeric.copy(), train.inputs.categorical)
    inputs.numeric[:, 0] = (inputs.numeric[:, 0] > 50).astype(np.float32)
    layout = plan_layout(SPEC, inputs)
    assert layout.numbers == ("body__age", "lab__iron", "lab__lead")
    assert layout.graded == ("lab__iron", "lab__lead")
    options = PlainEncoder.Options(numbers=PiecewiseLinear.Options(n_bins=4, d_embedding=3))
    encoder = PlainEncoder(SPEC, layout, options)
    assert encoder.chunks[:4] == [3, 3, 1, 1]  # two curves, the number of two values, the indicator of both
    assert [name for (name,) in encoder.owners[:8]] == [
        *["lab__iron"] * 3,
        *["lab__lead"] * 3,
        "body__age",
        "lab__iron",
    ]
    preprocess = Preprocessor(SPEC, layout, PreprocessSettings())
    preprocess.fit(inputs)
    prepared = preprocess(torch.from_numpy(inputs.numeric), torch.from_numpy(inputs.categorical))
    encoder.fit(prepared)
    torch.testing.assert_close(encoder(prepared)[:, 6], prepared.values[:, 0])
