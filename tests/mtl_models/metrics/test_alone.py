"""What one feature alone foretells: copies and proxies of an outcome are found, noise is not, nor is what is hidden."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.metrics.alone import features_alone

N = 600
DISEASE = Task(name="disease", kind="binary")
PRESSURE = Task(name="pressure", kind="regression")
HEALTH = Task(name="health", kind="ordinal", classes=("good", "fair", "poor"))
SCAN = Task(name="scan", kind="multiclass", classes=("a", "b", "c"))
CHRONIC = Task(name="chronic", kind="multilabel", labels=("asthma", "stroke"))
TASKS = (DISEASE, PRESSURE, HEALTH, SCAN, CHRONIC)


def make_targets(seed: int = 0) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(seed)
    return {
        "disease": generator.integers(0, 2, (N, 1)).astype(float),
        "pressure": np.exp(generator.normal(0, 2, (N, 1))),  # a long tail
        "health": generator.integers(0, 3, (N, 1)).astype(float),
        "scan": generator.integers(0, 3, (N, 1)).astype(float),
        "chronic": generator.integers(0, 2, (N, 2)).astype(float),
    }


def figures(
    numeric: np.ndarray, targets: dict[str, np.ndarray], *, min_count: int = 10, hidden_from: tuple[str, ...] = ()
) -> dict[str, float]:
    """A task's name to what a single number reaches for it."""
    spec = FeatureSpec((Feature(name="lab__x", domain="lab", hidden_from=hidden_from),))
    inputs = Matrices(numeric.astype(np.float32)[:, None], np.empty((N, 0), np.int32))
    dataset = Dataset(np.arange(N), inputs, targets)
    return {each.task: each.value for each in features_alone(dataset, spec, TASKS, min_count=min_count)}


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_copy_of_an_outcome_foretells_it(task: Task) -> None:
    targets = make_targets()
    copy = targets[task.name][:, -1]
    for feature in (copy, -3 * copy, np.exp(copy / 100)):
        assert figures(feature, targets)[task.name] > 0.99


@pytest.mark.parametrize("seed", range(5))
def test_noise_foretells_nothing(seed: int) -> None:
    noise = np.random.default_rng([seed, 1]).normal(size=N)
    found = figures(noise, make_targets(seed))
    assert max(found[name] for name in ("disease", "scan", "chronic", "health")) < 0.65
    assert found["pressure"] < 0.15


def test_being_missing_is_a_value_too() -> None:
    targets = make_targets()
    noise = np.random.default_rng(1).normal(size=N)
    only_the_ill_have_one = np.where(targets["disease"][:, 0] == 1, noise, np.nan)
    assert figures(only_the_ill_have_one, targets)["disease"] == 1.0


def test_a_proxy_that_rises_and_falls_is_found() -> None:
    targets = make_targets()
    middle = np.where(targets["disease"][:, 0] == 1, 0.5, np.arange(N) % 2)
    assert figures(middle, targets)["disease"] > 0.99


def test_a_category_that_names_the_class_is_found() -> None:
    targets = make_targets()
    spec = FeatureSpec((Feature(name="lab__kind", domain="lab", categories=("u", "v", "w")),))
    codes = (targets["scan"].astype(np.int32) + 1) % 3
    dataset = Dataset(np.arange(N), Matrices(np.empty((N, 0), np.float32), codes), targets)
    (found,) = [each for each in features_alone(dataset, spec, TASKS, min_count=10) if each.task == "scan"]
    assert (found.feature, found.metric, found.value) == ("lab__kind", "auroc", 1.0)


def test_a_column_of_names_is_no_leak() -> None:
    """Each person's own value says nothing of another's, however exactly it fits those it was learned on."""
    targets = make_targets()
    spec = FeatureSpec((Feature(name="lab__id", domain="lab", categories=tuple(map(str, range(N)))),))
    codes = np.arange(N, dtype=np.int32)[:, None]
    dataset = Dataset(np.arange(N), Matrices(np.empty((N, 0), np.float32), codes), targets)
    found = {each.task: each.value for each in features_alone(dataset, spec, TASKS, min_count=10)}
    assert max(found.values()) < 0.6


def test_a_task_that_may_not_see_the_feature_is_not_compared() -> None:
    targets = make_targets()
    copy = targets["disease"][:, 0]
    assert "disease" in figures(copy, targets)
    assert "disease" not in figures(copy, targets, hidden_from=("disease",))


def test_too_few_people_give_no_figure() -> None:
    targets = make_targets()
    rare = np.zeros((N, 1))
    rare[:9] = 1
    few = np.full((N, 1), np.nan)
    few[:49] = np.arange(49.0)[:, None]
    found = figures(np.arange(N), {**targets, "disease": rare, "pressure": few})
    assert not {"disease", "pressure"} & found.keys()


def test_ranks_correlate_as_in_scipy() -> None:
    targets = make_targets()
    generator = np.random.default_rng(2)
    feature = np.round(targets["pressure"][:, 0] ** 0.1 + generator.normal(0, 0.05, N), 1)  # with ties
    expected = spearmanr(feature, targets["pressure"][:, 0]).statistic ** 2
    assert figures(feature, targets)["pressure"] == pytest.approx(expected, abs=1e-6)
