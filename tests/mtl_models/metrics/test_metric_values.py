"""Metrics against scikit-learn, against values worked by hand, and where they are undefined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mtl_models.data.tasks import Task
from mtl_models.metrics.binary import equal_mass_bins
from mtl_models.metrics.ordered import expected_class, probability_above
from mtl_models.metrics.score import score_task

CLASSES = ("none", "mild", "severe")
TASKS: dict[str, Task] = {
    "regression": Task(name="sbp", kind="regression", unit="mmHg"),
    "binary": Task(name="disease", kind="binary"),
    "multiclass": Task(name="thal", kind="multiclass", classes=CLASSES),
    "ordinal": Task(name="health", kind="ordinal", classes=CLASSES),
    "multilabel": Task(name="chronic", kind="multilabel", labels=("asthma", "stroke")),
}


def draw(kind: str, n: int, seed: int, *, digits: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Targets and predictions with many ties, every class present."""
    generator = np.random.default_rng(seed)
    if kind == "regression":
        return generator.normal(120, 20, (n, 1)), generator.normal(120, 20, (n, 1))
    if kind in ("multiclass", "ordinal"):
        probability = generator.dirichlet(np.ones(3), n)
        return np.arange(n)[:, None] % 3 * 1.0, probability
    width = len(TASKS[kind].target_columns)
    target = (np.arange(n)[:, None] + np.arange(width)) % 2 * 1.0
    return target, generator.random((n, width)).round(digits)


def values(kind: str, target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    return {name: float(found[0]) for name, found in score_task(TASKS[kind], target, prediction).metrics.items()}


def by_sklearn(kind: str, target: np.ndarray, prediction: np.ndarray) -> dict[str, float]:
    y, p = target[:, 0], prediction[:, 0]
    if kind == "regression":
        return {
            "r2": sk.r2_score(y, p),
            "mae": sk.mean_absolute_error(y, p),
            "rmse": sk.root_mean_squared_error(y, p),
        }
    if kind == "binary":
        return {
            "auroc": sk.roc_auc_score(y, p),
            "auprc": sk.average_precision_score(y, p),
            "brier": sk.brier_score_loss(y, p),
            "log_loss": sk.log_loss(y, p, labels=[0, 1]),
        }
    if kind == "ordinal":
        above = probability_above(prediction)
        return {
            "cut_auroc": np.mean([sk.roc_auc_score(y > cut, above[:, cut]) for cut in (0, 1)]),
            "rps": np.mean([sk.brier_score_loss(y > cut, above[:, cut]) for cut in (0, 1)]),
            "log_loss": sk.log_loss(y, prediction, labels=[0, 1, 2]),
        }
    chosen = prediction.argmax(axis=1)
    found = {
        "accuracy": sk.accuracy_score(y, chosen),
        "macro_f1": sk.f1_score(y, chosen, average="macro", zero_division=0),
        "log_loss": sk.log_loss(y, prediction, labels=[0, 1, 2]),
    }
    return {**found, "auroc": sk.roc_auc_score(y, prediction, multi_class="ovr", average="macro")}


@pytest.mark.parametrize("kind", ["regression", "binary", "multiclass", "ordinal"])
@settings(max_examples=25, deadline=None)
@given(n=st.integers(6, 60), seed=st.integers(0, 10_000))
def test_equal_weights_give_what_sklearn_gives(kind: str, n: int, seed: int) -> None:
    target, prediction = draw(kind, n, seed)
    found, expected = values(kind, target, prediction), by_sklearn(kind, target, prediction)
    assert {name: found[name] for name in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("kind", list(TASKS))
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_a_weight_of_two_is_the_person_twice(kind: str, seed: int) -> None:
    target, prediction = draw(kind, 24, seed)
    counts = np.random.default_rng(seed).integers(0, 3, 24)
    counts[:6] += 1
    rows = np.repeat(np.arange(24), counts)
    weighted = score_task(TASKS[kind], target, prediction, counts[:, None] * 1.0).metrics
    repeated = score_task(TASKS[kind], target[rows], prediction[rows]).metrics
    for name in weighted.keys() - {"ece"}:  # its bins are those of the whole sample
        assert weighted[name] == pytest.approx(repeated[name], abs=1e-9), name


@pytest.mark.parametrize("kind", list(TASKS))
@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_people_does_not_matter(kind: str, seed: int) -> None:
    target, prediction = draw(kind, 40, seed)
    order = np.random.default_rng(seed).permutation(40)
    assert values(kind, target[order], prediction[order]) == pytest.approx(values(kind, target, prediction), abs=1e-12)


def test_values_by_hand() -> None:
    target = np.array([[0.0], [0.0], [1.0], [1.0]])
    # pairs (positive, negative): .4 ties with .4, .4 beats .1, .8 beats both: 3.5 of 4
    found = values("binary", target, np.array([[0.1], [0.4], [0.4], [0.8]]))
    assert found["auroc"] == pytest.approx(3.5 / 4)
    # the step at .8 is all hits; the step at .4 has two hits of three: (1 + 2/3) / 2
    assert found["auprc"] == pytest.approx((1 + 2 / 3) / 2)
    assert found["brier"] == pytest.approx((0.01 + 0.16 + 0.36 + 0.04) / 4)
    assert values("regression", np.array([[1.0], [2.0], [3.0]]), np.array([[1.0], [2.0], [5.0]])) == pytest.approx(
        {"r2": 1 - 4 / 2, "mae": 2 / 3, "rmse": np.sqrt(4 / 3)}
    )


def test_equal_scores_for_all_are_a_coin_toss() -> None:
    target, _ = draw("binary", 20, 0)
    assert values("binary", target, np.full((20, 1), 0.3))["auroc"] == 0.5


def test_calibration_error_by_hand() -> None:
    """Two groups predicted .2 and .8; 3 of 10 and 6 of 10 happened: both are off, by .1 and .2."""
    target = np.array([1.0] * 3 + [0.0] * 7 + [1.0] * 6 + [0.0] * 4)[:, None]
    prediction = np.repeat([0.2, 0.8], 10)[:, None]
    assert values("binary", target, prediction)["ece"] == pytest.approx(0.15)


def test_bins_hold_equally_many_people_and_never_split_a_tie() -> None:
    assert np.bincount(equal_mass_bins(np.linspace(0, 1, 200))).tolist() == [20] * 10
    assert len(set(equal_mass_bins(np.array([0.1] * 50 + [0.2] * 50)))) == 2


def test_the_figures_of_an_ordinal_task_do_not_depend_on_where_classes_are_cut() -> None:
    """Worked by hand: three people, of classes 0, 1 and 2, in an order that is right for all cuts but one pair."""
    probability = np.array([[0.6, 0.4, 0.0], [0.7, 0.1, 0.2], [0.0, 0.5, 0.5]])
    assert expected_class(probability).tolist() == pytest.approx([0.4, 0.5, 1.5])
    assert probability_above(probability) == pytest.approx(np.array([[0.4, 0.0], [0.3, 0.2], [1.0, 0.5]]))
    found = values("ordinal", np.array([[0.0], [1.0], [2.0]]), probability)
    assert found["cut_auroc"] == pytest.approx((0.5 + 1.0) / 2)
    squares = [0.4**2 + 0, 0.7**2 + 0.2**2, 0 + 0.5**2]
    assert found["rps"] == pytest.approx(np.mean(squares) / 2)


def test_a_cut_that_nobody_is_above_is_left_out_of_the_mean() -> None:
    probability = np.array([[0.6, 0.4, 0.0], [0.7, 0.1, 0.2], [0.0, 0.5, 0.5]])
    assert values("ordinal", np.array([[0.0], [0.0], [1.0]]), probability)["cut_auroc"] == pytest.approx(1.0)


def test_labels_are_averaged_and_each_is_kept() -> None:
    target, prediction = draw("multilabel", 30, 1)
    found = score_task(TASKS["multilabel"], target, prediction)
    each = [float(found.labels[label]["auroc"][0]) for label in ("asthma", "stroke")]
    assert found.metrics["auroc"][0] == pytest.approx(np.mean(each))
    assert each[0] == pytest.approx(sk.roc_auc_score(target[:, 0], prediction[:, 0]))


@pytest.mark.parametrize("kind", list(TASKS))
def test_people_without_a_label_do_not_count(kind: str) -> None:
    target, prediction = draw(kind, 30, 2)
    gaps = np.concatenate([target, np.full_like(target, np.nan)])
    more = np.concatenate([prediction, np.full_like(prediction, np.nan)])
    assert values(kind, gaps, more) == values(kind, target, prediction)


@pytest.mark.parametrize("kind", list(TASKS))
def test_without_labels_everything_is_undefined(kind: str) -> None:
    target, prediction = draw(kind, 12, 3)
    assert np.isnan(list(values(kind, np.full_like(target, np.nan), prediction).values())).all()


def test_one_class_has_no_auroc_but_still_an_error() -> None:
    found = values("binary", np.zeros((9, 1)), np.linspace(0.1, 0.3, 9)[:, None])
    assert np.isnan([found["auroc"], found["auprc"]]).all()
    assert found["brier"] > 0
    target, prediction = draw("multiclass", 12, 4)
    assert np.isnan(values("multiclass", np.minimum(target, 1), prediction)["auroc"])
    assert np.isnan(values("ordinal", np.ones((5, 1)), np.tile([0.1, 0.8, 0.1], (5, 1)))["cut_auroc"])
    assert np.isnan(values("regression", np.full((5, 1), 3.3), np.arange(5.0)[:, None])["r2"])


def test_a_labelled_person_without_a_prediction_is_an_error() -> None:
    target, prediction = draw("binary", 12, 5)
    prediction[3] = np.nan
    with pytest.raises(ValueError, match="task disease: some labelled people have no finite prediction"):
        score_task(TASKS["binary"], target, prediction)
