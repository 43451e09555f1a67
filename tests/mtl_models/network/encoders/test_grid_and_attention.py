from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_models.data.dataset import Dataset
from mtl_models.data.layout import Layout, plan_layout
from mtl_models.network.encoders.attention import AttentionEncoder
from mtl_models.network.encoders.grid import GridEncoder, correlation_order, snake
from mtl_models.network.encoders.plain import PlainEncoder
from mtl_models.network.preprocess import Prepared, Preprocessor
from mtl_models.settings import PreprocessSettings
from tests.mtl_models.conftest import SPEC, make_dataset

TASKS = ("one", "two")


def prepare(rows: Dataset) -> tuple[Layout, Prepared]:
    layout = plan_layout(SPEC, rows.inputs)
    preprocess = Preprocessor(SPEC, layout, PreprocessSettings())
    preprocess.fit(rows.inputs)
    return layout, preprocess(torch.from_numpy(rows.inputs.numeric), torch.from_numpy(rows.inputs.categorical))


def make(kind: type, **options: object) -> tuple[GridEncoder | AttentionEncoder | PlainEncoder, Prepared]:
    layout, prepared = prepare(make_dataset(80, 0))
    torch.manual_seed(0)
    encoder = kind(SPEC, layout, kind.Options(**options), TASKS)
    encoder.fit(prepared)
    return encoder, prepared


def test_a_snake_worked_by_hand() -> None:
    assert snake([3, 1, 0, 2, 4], 3, 2).view(3, 2).tolist() == [[3, 1], [2, 0], [4, 5]]
    assert snake([0, 1, 2, 3, 4, 5, 6], 3, 3).view(3, 3).tolist() == [[0, 1, 2], [5, 4, 3], [6, 7, 7]]


def test_the_chain_goes_to_the_most_correlated_feature_left() -> None:
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 200))
    near = first + 0.3 * random.normal(size=200)
    far = first + 1.5 * random.normal(size=200)
    columns = [far, second, near, -second + 0.01, first]
    order = correlation_order([column[:, None] for column in columns])
    # sums of correlations are greatest for `first`; a negative correlation is as good as a positive one
    assert order[:3] == [4, 2, 0]
    assert sorted(order[3:]) == [1, 3]


def test_a_category_is_as_near_as_its_nearest_slot_and_constants_come_last() -> None:
    random = np.random.default_rng(0)
    codes = random.integers(0, 3, 300)
    like_a_slot, noise = (codes == 2) + 0.1 * random.normal(size=300), random.normal(size=300)
    order = correlation_order([np.zeros((300, 1)), noise[:, None], np.eye(3)[codes], like_a_slot[:, None]])
    assert abs(order.index(2) - order.index(3)) == 1
    assert order[-1] == 0


def test_related_features_are_neighbours_on_the_grid() -> None:
    encoder, _ = make(GridEncoder)
    grid = encoder.report(None)["grid"]
    place = {name: (row, column) for row, names in enumerate(grid) for column, name in enumerate(names) if name}
    assert set(place) == {*("body__age", "lab__iron", "lab__lead", "lab__iron: missing", "body__sex", "home__town")}
    iron, lead = place["lab__iron"], place["lab__lead"]
    assert abs(iron[0] - lead[0]) + abs(iron[1] - lead[1]) == 1


def test_an_even_filter_is_refused() -> None:
    with pytest.raises(ValueError, match="odd side"):
        GridEncoder.Options(kernel=2)


@pytest.mark.parametrize("d_hidden", [0, 4])
def test_attention_starts_as_the_plain_encoder(d_hidden: int) -> None:
    encoder, prepared = make(AttentionEncoder, d_hidden=d_hidden)
    plain, _ = make(PlainEncoder)
    found = encoder(prepared)
    assert set(found) == set(TASKS)
    for row in found.values():
        torch.testing.assert_close(row, plain(prepared))
    one, _ = make(AttentionEncoder, per_task=False)
    assert isinstance(one(prepared), Tensor)
    torch.testing.assert_close(one(prepared), plain(prepared))


def test_each_task_learns_its_own_weights_and_they_are_1_on_average() -> None:
    encoder, prepared = make(AttentionEncoder)
    encoder(prepared)["two"].square().sum().backward()
    gradient = encoder.scores.grad
    assert (gradient[0] == 0).all()
    assert (gradient[1] != 0).any()
    with torch.no_grad():
        encoder.scores[1, 2] = 3.0
    report = encoder.report(None)["attention"]
    assert report["one"] == pytest.approx(dict.fromkeys(encoder.features, 1.0))
    assert np.mean(list(report["two"].values())) == pytest.approx(1)
    assert max(report["two"], key=report["two"].__getitem__) == encoder.features[2]


def test_weights_that_differ_by_row_are_reported_as_means_over_rows() -> None:
    encoder, prepared = make(AttentionEncoder, d_hidden=4)
    assert encoder.report(None) == {}
    with torch.no_grad():
        encoder.of_row[2].weight.normal_()
    report = encoder.report(prepared)["attention"]
    assert np.mean(list(report["one"].values())) == pytest.approx(1, rel=1e-5)
    assert report["one"] != report["two"]
