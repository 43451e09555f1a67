"""The bootstrap over persons: what is drawn, and what its intervals hold."""

from __future__ import annotations

import numpy as np
import pytest

from mtl_models.data.tasks import Task
from mtl_models.metrics.bootstrap import percentile_interval, recentred_interval, resample_counts
from mtl_models.metrics.score import score_task


def test_column_zero_is_the_sample_and_every_replicate_draws_as_many_people() -> None:
    counts = resample_counts(40, replicates=30, seed=1)
    assert counts.shape == (40, 31)
    assert (counts[:, 0] == 1).all()
    assert (counts.sum(axis=0) == 40).all()
    assert len(np.unique(counts[:, 1:], axis=1).T) == 30


def test_the_seed_decides() -> None:
    first, again, other = (resample_counts(20, replicates=5, seed=seed) for seed in (3, 3, 4))
    assert (first == again).all()
    assert (first != other).any()


def interval_width(n: int) -> tuple[float, float, float]:
    generator = np.random.default_rng(0)
    target = generator.normal(size=(n, 1))
    prediction = target * 0.5 + generator.normal(size=(n, 1)) * 0.5
    counts = resample_counts(n, replicates=400, seed=0)
    values = score_task(Task(name="a", kind="regression"), target, prediction, counts).metrics["rmse"]
    low, high = percentile_interval(values, confidence=0.95) or (np.nan, np.nan)
    return low, float(values[0]), high


def test_the_interval_holds_the_estimate_and_shrinks_with_the_root_of_n() -> None:
    small, large = interval_width(100), interval_width(1600)
    assert small[0] < small[1] < small[2]
    assert large[0] < large[1] < large[2]
    assert (small[2] - small[0]) / (large[2] - large[0]) == pytest.approx(4, rel=0.35)


def test_the_interval_of_a_mean_is_the_one_of_the_textbook() -> None:
    sample = np.random.default_rng(5).normal(size=500)
    means = sample @ resample_counts(500, replicates=2000, seed=0) / 500
    low, high = percentile_interval(means, confidence=0.95) or (np.nan, np.nan)
    assert high - low == pytest.approx(2 * 1.96 * sample.std() / np.sqrt(500), rel=0.08)


def test_a_metric_that_few_replicates_define_has_no_interval() -> None:
    mostly = np.array([0.5, *[0.4] * 90, *[np.nan] * 10])
    assert percentile_interval(mostly, confidence=0.95) is None
    assert percentile_interval(np.array([np.nan, 0.1, 0.2]), confidence=0.95) is None
    assert percentile_interval(np.array([0.5, *[0.4] * 99, np.nan]), confidence=0.95) == (0.4, 0.4)


def test_a_calibration_error_stays_inside_its_interval() -> None:
    generator = np.random.default_rng(0)
    probability = generator.uniform(0.05, 0.6, (500, 1))
    target = (generator.random((500, 1)) < probability) * 1.0
    counts = resample_counts(500, replicates=300, seed=0)
    values = score_task(Task(name="a", kind="binary"), target, probability, counts).metrics["ece"]
    assert np.median(values[1:]) > values[0] + 0.005  # why the plain interval would not do
    low, high = recentred_interval(values, confidence=0.95) or (np.nan, np.nan)
    assert 0 <= low < values[0] < high
