"""What some columns tell of another: look-ups, sums, units, gaps; and nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from mtl_models.metrics.small_tree import BINS, binned, tree_predictions
from mtl_models.metrics.told import share_told, telling

N = 1200


def kinds_of(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A question, four of its kinds, and the fifth, which is the rest of them."""
    asked = rng.random(N) < 0.3
    kind = rng.integers(0, 5, N)
    shown = [asked & (kind == place) for place in range(4)]
    return np.stack([asked, *shown], axis=1).astype(float), (asked & (kind == 4)).astype(float)


def test_the_last_of_several_is_told_by_the_others_and_by_none_alone() -> None:
    columns, last = kinds_of(np.random.default_rng(1))
    told = share_told(columns, last, least=10)
    alone = [share_told(columns[:, [place]], last, least=10) for place in range(5)]
    assert told > 0.99
    assert sum(max(0, each) for each in alone) < 0.5
    named = {str(place): columns[:, [place]] for place in range(5)}
    assert set(telling(named, last, least=10, of=told)) <= set(named)
    assert telling({"other": np.zeros((N, 1)), "same": last[:, None]}, last, least=10, of=1.0) == ("same",)


def test_a_question_is_told_by_who_was_asked_what_follows_it() -> None:
    columns, last = kinds_of(np.random.default_rng(2))
    follows = np.where(columns[:, 0] == 1, columns[:, 1:].T, np.nan).T
    assert share_told(follows[:, :1], columns[:, 0], least=10) > 0.99
    assert share_told(follows, last, least=10) > 0.99


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_sums_differences_and_other_units(scale: float) -> None:
    rng = np.random.default_rng(3)
    parts = rng.lognormal(size=(N, 3)) * scale
    total = parts.sum(axis=1)
    rest = np.column_stack([total, parts[:, :2]])
    assert share_told(rest, parts[:, 2], least=10) > 0.99
    assert share_told(parts, total, least=10) > 0.99
    assert share_told((total * 2.2)[:, None], total, least=10) > 0.99


def test_noise_tells_nothing_and_one_value_is_no_question() -> None:
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(N, 40))
    noise[rng.random(noise.shape) < 0.2] = np.nan
    assert share_told(noise, rng.normal(size=N), least=10) < 0.05
    assert share_told(noise, (rng.random(N) < 0.03).astype(float), least=10) < 0.05
    assert np.isnan(share_told(noise, np.ones(N), least=10))
    assert np.isnan(share_told(noise, np.where(np.arange(N) < 50, rng.normal(size=N), np.nan), least=10))


def test_the_small_tree_is_as_good_as_scikit_learns() -> None:
    rng = np.random.default_rng(5)
    inputs = rng.normal(size=(N, 12)).round(1)
    outcome = np.where(inputs[:, 3] > 0, inputs[:, 5], -1) + 0.3 * rng.normal(size=N)
    inputs[rng.random(inputs.shape) < 0.1] = np.nan
    train, test = slice(0, N // 2), slice(N // 2, N)
    codes = binned(inputs)
    assert codes.max() == BINS
    ours = tree_predictions(codes[train], outcome[train], codes[test], least=10)
    tree = DecisionTreeRegressor(max_depth=6, min_samples_leaf=10, random_state=0)
    theirs = tree.fit(inputs[train], outcome[train]).predict(inputs[test])
    errors = [((outcome[test] - found) ** 2).mean() for found in (ours, theirs)]
    assert errors[0] < 1.1 * errors[1]
    again = tree_predictions(codes[train][::-1], outcome[train][::-1], codes[test], least=10)
    np.testing.assert_allclose(again, ours, atol=1e-9)


def test_a_tree_by_hand() -> None:
    """Ten people without the sign at 1, ten with it at 5, ten of whom it is not known at 9."""
    inputs = np.repeat([[0.0], [1.0], [np.nan]], 10, axis=0)
    values = np.repeat([1.0, 5.0, 9.0], 10)
    codes = binned(inputs)
    assert tree_predictions(codes, values, codes[[0, 10, 20]], least=10) == pytest.approx([1, 5, 9])
    assert tree_predictions(codes, values, codes[[0, 10, 20]], least=16) == pytest.approx([5, 5, 5])
