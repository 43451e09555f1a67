"""Made-up tasks are as related as asked for, and labels are taken away from nobody else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_models.data.dataset import Dataset
from mtl_models.data.synthetic import HintOptions, PairOptions, make_hint, make_pair, remove_labels
from tests.mtl_models.conftest import make_dataset

SMALL = {"n_train": 40, "n_valid": 20, "n_measured": 30}


def pair(seed: int = 0, **options: object) -> PairOptions:
    return PairOptions.model_validate({"cosine": 0.5, **SMALL, **options})


@given(st.floats(-1, 1), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_the_weights_have_the_cosine_and_the_length(cosine: float, seed: int) -> None:
    first, second = make_pair(pair(cosine=cosine, length=1.5), seed=seed).vectors
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    np.testing.assert_allclose(lengths, 1.5)
    np.testing.assert_allclose(first @ second / (lengths[0] * lengths[1]), cosine, atol=1e-12)


def test_the_measured_targets_are_the_equation() -> None:
    made = make_pair(pair(waves=2), seed=3)
    x = made.measured.inputs.numeric.astype(np.float64)
    for task, vector in zip(made.tasks, made.vectors, strict=True):
        t = x @ vector
        curve = t + np.sin(2 * t + 1) + np.sin(3 * t + 2)
        # scaled: a straight line of the curve, rising
        slope, _ = np.polyfit(curve, made.measured.targets[task.name][:, 0], 1)
        assert slope > 0
        np.testing.assert_allclose(np.corrcoef(curve, made.measured.targets[task.name][:, 0])[0, 1], 1)


def test_the_signal_has_mean_0_and_deviation_1_and_the_noise_its_own() -> None:
    options = {"n_train": 40_000, "n_measured": 40_000, "noise": 0.0, "second_noise": 2.0}
    made = make_pair(pair(cosine=1, **options), seed=1)
    signal, noisy = (made.train.targets[task.name][:, 0] for task in made.tasks)
    np.testing.assert_allclose([signal.mean(), signal.std()], [0, 1], atol=0.02)
    np.testing.assert_allclose((noisy - signal).std(), 2, rtol=0.02)
    first, second = (made.measured.targets[task.name] for task in made.tasks)
    np.testing.assert_array_equal(first, second)  # no noise on the measured people


def test_a_seed_gives_the_same_people_and_another_one_others() -> None:
    one, same, other = (make_pair(pair(), seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.train.inputs.numeric, same.train.inputs.numeric)
    np.testing.assert_array_equal(one.valid.targets["second"], same.valid.targets["second"])
    assert not np.array_equal(one.train.inputs.numeric, other.train.inputs.numeric)


def test_more_people_are_the_same_and_some_others() -> None:
    few, many = (make_pair(pair(n_train=n), seed=2) for n in (10, 40))
    np.testing.assert_array_equal(few.train.inputs.numeric, many.train.inputs.numeric[:10])
    np.testing.assert_array_equal(few.train.targets["first"], many.train.targets["first"][:10])
    np.testing.assert_array_equal(few.measured.targets["first"], many.measured.targets["first"])


def test_the_cosine_changes_the_second_task_alone() -> None:
    near, far = (make_pair(pair(cosine=cosine), seed=4) for cosine in (0.9, 0.0))
    np.testing.assert_array_equal(near.train.targets["first"], far.train.targets["first"])
    assert not np.allclose(near.train.targets["second"], far.train.targets["second"])


def test_binary_tasks_follow_the_signal() -> None:
    sizes = {"n_measured": 20_000}
    labels = make_pair(pair(outcome="binary", cosine=1, **sizes), seed=7).measured.targets["first"][:, 0]
    signal = make_pair(pair(cosine=1, **sizes), seed=7).measured.targets["first"][:, 0]
    assert set(np.unique(labels)) == {0, 1}
    near = np.abs(signal - 1) < 0.1
    np.testing.assert_allclose(labels[near].mean(), 1 / (1 + np.exp(-2)), atol=0.03)


def test_the_hint_is_in_both_tasks_as_strong_as_asked_for() -> None:
    sizes = {**SMALL, "n_measured": 50_000}
    made = make_hint(HintOptions.model_validate({"interaction": 0.5, "second_interaction": 0.0, **sizes}), seed=0)
    x = made.measured.inputs.numeric.astype(np.float64)
    residuals = [made.measured.targets[t.name][:, 0] - x @ w for t, w in zip(made.tasks, made.vectors, strict=True)]
    np.testing.assert_allclose([each.std() for each in residuals], [0.5, 0.0], atol=0.01)
    assert np.mean(np.sign(residuals[0]) == np.sign(x[:, 0] * x[:, 1])) == 1
    # no feature alone tells of it
    assert max(abs(np.corrcoef(residuals[0], column)[0, 1]) for column in x.T) < 0.02


@pytest.mark.parametrize("task", ["tall", "conditions"])
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_exactly_the_share_of_one_tasks_labels_is_removed(task: str, share: float) -> None:
    def labelled(dataset: Dataset, name: str) -> np.ndarray:
        return np.asarray((~np.isnan(dataset.targets[name])).any(axis=1))

    before = make_dataset(400, 3)
    after = remove_labels(before, task, share, seed=1)
    n = int(labelled(before, task).sum())
    assert labelled(after, task).sum() == n - round(share * n)
    kept = ~np.isnan(after.targets[task])
    np.testing.assert_array_equal(after.targets[task][kept], before.targets[task][kept])
    for other in set(before.targets) - {task}:
        np.testing.assert_array_equal(after.targets[other], before.targets[other])
    np.testing.assert_array_equal(after.inputs.numeric, before.inputs.numeric)
    assert labelled(before, task).sum() == n  # the dataset that was given is as it was


def test_a_larger_share_removes_the_same_labels_and_more() -> None:
    dataset = make_dataset(200, 1)
    less, more = (np.isnan(remove_labels(dataset, "tall", share, seed=2).targets["tall"]) for share in (0.25, 0.5))
    assert (more | ~less).all()
    other = np.isnan(remove_labels(dataset, "tall", 0.25, seed=3).targets["tall"])
    assert not np.array_equal(less, other)


def test_a_share_beyond_all_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        remove_labels(make_dataset(20, 1), "tall", 1.2, seed=0)
