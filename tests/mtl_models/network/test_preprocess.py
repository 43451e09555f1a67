from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Feature, FeatureSpec, Matrices
from mtl_models.data.layout import Layout, plan_layout
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.encoders.block import Block
from mtl_models.network.preprocess import Prepared, Preprocessor
from mtl_models.settings import PreprocessSettings
from tests.mtl_models.conftest import SPEC, make_dataset

NAN = math.nan
NUMBERS = FeatureSpec(tuple(Feature(name=f"d__{name}", domain="d") for name in "abcdef"))
TRAIN = Matrices(
    #           a     b    c    d    e         f (only infinities: as good as missing)
    np.array(
        [
            [1.0, NAN, 5.0, NAN, NAN, math.inf],
            [2.0, NAN, 5.0, 7.0, 10.0, NAN],
            [3.0, 4.0, NAN, 7.0, 20.0, -math.inf],
            [6.0, 8.0, 5.0, 7.0, 60.0, NAN],
        ],
        dtype=np.float32,
    ),
    np.empty((4, 0), dtype=np.int32),
)


def prepare(spec: FeatureSpec, train: Matrices, rows: Matrices, **settings: object) -> tuple[Layout, Prepared]:
    layout = plan_layout(spec, train)
    preprocessor = Preprocessor(spec, layout, PreprocessSettings.model_validate(settings))
    preprocessor.fit(train)
    return layout, preprocessor(torch.from_numpy(rows.numeric), torch.from_numpy(rows.categorical))


def test_constant_and_empty_columns_are_no_input_and_indicators_only_where_training_rows_lack() -> None:
    layout = plan_layout(NUMBERS, TRAIN)
    assert layout.numbers == ("d__a", "d__b", "d__e")
    # d lacks where e lacks, so they share an indicator; a never lacks; f has no value at all
    assert layout.indicators == ("d__b", "d__c", "d__d")
    assert Layout.from_dict(layout.to_dict()) == layout


def test_values_worked_by_hand() -> None:
    rows = Matrices(np.array([[9.0, NAN, 5.0, 7.0, 30.0, 0.0]], dtype=np.float32), np.empty((1, 0), dtype=np.int32))
    _, prepared = prepare(NUMBERS, TRAIN, rows)
    # a: mean 3, variance (4+1+0+9)/4 = 3.5; b: imputed 6, of (6, 6, 4, 8): its mean; e: (20, 10, 20, 60), mean 27.5
    e = (30 - 27.5) / math.sqrt((7.5**2 + 17.5**2 + 7.5**2 + 32.5**2) / 4)
    expected = [6 / math.sqrt(3.5), 0.0, e, 1.0, 0.0, 0.0]
    np.testing.assert_allclose(prepared.values[0].numpy(), expected, rtol=1e-6)


def test_robust_scaling_worked_by_hand() -> None:
    rows = Matrices(np.array([[9.0, NAN, 5.0, 7.0, 30.0, 0.0]], dtype=np.float32), np.empty((1, 0), dtype=np.int32))
    _, prepared = prepare(NUMBERS, TRAIN, rows, scaling="robust", clip=100)
    # a: median 2.5, quartiles 1.75 and 3.75
    assert prepared.values[0, 0].item() == pytest.approx(6.5 / (2.0 / 1.349), rel=1e-6)


def test_infinity_is_missing_and_extremes_are_clipped() -> None:
    numeric = np.array([[NAN] * 6, [math.inf] * 6, [-math.inf] * 6, [3e38] * 6, [-3e38] * 6], dtype=np.float32)
    _, prepared = prepare(NUMBERS, TRAIN, Matrices(numeric, np.empty((5, 0), dtype=np.int32)), clip=4)
    values = prepared.values.numpy()
    assert (values[0] == values[1]).all()
    assert (values[0] == values[2]).all()
    assert (values[0, 3:] == 1).all()
    assert (values[3, :3] == 4).all()
    assert (values[4, :3] == -4).all()
    assert (values[3:, 3:] == 0).all()


def test_categories_outside_the_vocabulary_share_the_last_slot_of_their_own_column() -> None:
    codes = np.array([[0, 2], [-1, -1], [2, 3], [99, 2**31 - 1], [-(2**31), -5]], dtype=np.int32)
    train = make_dataset(50, 0).inputs
    _, prepared = prepare(SPEC, train, Matrices(np.zeros((5, 4), dtype=np.float32), codes))
    assert prepared.slots.tolist() == [[0, 2], [2, 3], [2, 3], [2, 3], [2, 3]]


def test_an_unseen_category_counts_as_an_average_one_and_reads_no_neighbour() -> None:
    train = make_dataset(200, 0).inputs
    layout, prepared = prepare(SPEC, train, train)
    block = Block(SPEC, layout, layout, d_embedding=3)
    block.fit(prepared)
    embedded = block(prepared)[:, layout.n_values :]
    np.testing.assert_allclose(embedded.detach().mean(dim=0).numpy(), 0, atol=1e-6)
    unseen = prepared._replace(slots=torch.tensor([[2, 3]]), values=prepared.values[:1])
    assert (block(unseen)[:, layout.n_values :] == 0).all()
    # 'west' is in the vocabulary of town, and no training row has it
    never_trained = prepared._replace(slots=torch.tensor([[0, 2]]), values=prepared.values[:1])
    assert (block(never_trained)[:, layout.n_values + 3 :] == 0).all()
    assert (block(never_trained)[:, layout.n_values : layout.n_values + 3] != 0).all()


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_gives_its_width_and_treats_rows_alone(name: str) -> None:
    train = make_dataset(64, 0).inputs
    layout, prepared = prepare(SPEC, train, train)
    torch.manual_seed(0)
    encoder = ENCODERS[name](SPEC, layout, ENCODERS[name].Options())
    encoder.fit(prepared)
    encoded = encoder(prepared)
    assert encoded.shape == (64, encoder.width)
    order = torch.randperm(64)
    shuffled = encoder(Prepared(prepared.values[order], prepared.slots[order]))
    torch.testing.assert_close(shuffled, encoded[order])


@pytest.mark.parametrize("name", sorted(ENCODERS))
def test_every_encoder_reads_every_domain(name: str) -> None:
    train = make_dataset(64, 0).inputs
    layout, prepared = prepare(SPEC, train, train)
    torch.manual_seed(0)
    encoder = ENCODERS[name](SPEC, layout, ENCODERS[name].Options())
    encoder.fit(prepared)
    values = prepared.values.requires_grad_()
    encoded = encoder(Prepared(values, prepared.slots))
    # weighted, since embeddings are centred and their plain sum is zero
    (encoded * torch.randn(encoded.shape)).sum().backward()
    assert values.grad is not None
    assert (values.grad.abs().sum(dim=0) > 0).all()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in encoder.parameters())
