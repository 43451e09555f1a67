"""What every baseline keeps: what it may see, the same bits from any process, and the degenerate cases."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
from sklearn.metrics import r2_score, roc_auc_score

from mtl_models.baselines import BASELINES, LIBRARIES, BaselineSettings, catboosted
from mtl_models.baselines.encoding import fit_linear_encoder
from mtl_models.baselines.outcome import Outcome
from mtl_models.baselines.settings import BoostedSettings, CatBoostSettings
from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.extras import is_installed

SETTINGS = BaselineSettings(
    lightgbm=BoostedSettings(max_rounds=60, patience=10, learning_rate=0.1),
    catboost=CatBoostSettings(max_rounds=60, patience=10, learning_rate=0.2, depth=(3,), rsm=1.0),
)
SPEC = FeatureSpec(
    (
        Feature(name="exam__height", domain="exam"),
        Feature(name="labs__lead", domain="labs"),
        Feature(name="demographic__region", domain="demographic", categories=("north", "south", "west")),
    )
)
TASKS = {
    "sbp": Task(name="sbp", kind="regression", unit="mmHg"),
    "diabetes": Task(name="diabetes", kind="binary"),
    "thal": Task(name="thal", kind="multiclass", classes=("normal", "fixed", "reversible")),
    "health": Task(name="health", kind="ordinal", classes=("good", "fair", "poor")),
    "chronic": Task(name="chronic", kind="multilabel", labels=("asthma", "stroke")),
}


def lacks(name: str) -> pytest.MarkDecorator:
    """Skips where the library behind a baseline is not installed, as in an environment of the library alone."""
    return pytest.mark.skipif(not is_installed(LIBRARIES[name]), reason=f"{name} needs the extra boosters")


EVERY = pytest.mark.parametrize("name", [pytest.param(name, marks=lacks(name)) for name in BASELINES])


def people(n: int, seed: int) -> Dataset:
    """People whose outcomes depend on a number, a category and on whether a value is missing."""
    generator = np.random.default_rng(seed)
    numeric = generator.normal(size=(n, 2)).astype(np.float32)
    region = generator.integers(0, 3, (n, 1)).astype(np.int32)
    signal = numeric[:, 0] * 1.5 + (region[:, 0] == 2) * 1.5
    numeric[generator.random(n) < 0.2, 1] = np.nan
    signal = signal + np.isnan(numeric[:, 1]) * 1.5 - 0.8
    noisy = signal[:, None] + generator.normal(size=(n, 4))
    targets = {
        "sbp": 120 + 10 * noisy[:, :1],
        "diabetes": (noisy[:, 1:2] > 0.5) * 1.0,
        "thal": np.digitize(noisy[:, 2:3], [-0.5, 1.0]) * 1.0,
        "health": np.digitize(noisy[:, 3:4], [-0.5, 1.0]) * 1.0,
        "chronic": (noisy[:, 1:3] > [[0.0, 1.0]]) * 1.0,
    }
    for target in targets.values():
        target[generator.random(target.shape) < 0.1] = np.nan
    return Dataset(np.arange(n).astype(str), Matrices(numeric, region), targets)


TRAIN, VALID, TEST = people(400, 0), people(150, 1), people(300, 2)


def predict(
    name: str, task: str, *, train: Dataset = TRAIN, valid: Dataset = VALID, test: Dataset = TEST
) -> np.ndarray:
    return BASELINES[name](train, {"test": test}, valid, TASKS[task], SPEC, SETTINGS, 0)["test"]


def retarget(dataset: Dataset, task: str, target: np.ndarray) -> Dataset:
    return replace(dataset, targets={**dataset.targets, task: target})


@EVERY
@pytest.mark.parametrize("task", list(TASKS))
def test_predictions_have_the_tasks_outputs_and_are_probabilities(name: str, task: str) -> None:
    prediction = predict(name, task)
    assert prediction.shape == (len(TEST), TASKS[task].n_outputs)
    assert np.isfinite(prediction).all()
    if task != "sbp":
        assert ((prediction >= 0) & (prediction <= 1)).all()
    if TASKS[task].classes:
        assert prediction.sum(axis=1) == pytest.approx(1)


@EVERY
def test_they_find_the_signal_in_number_category_and_gap(name: str) -> None:
    known = ~np.isnan(TEST.targets["sbp"][:, 0])
    assert r2_score(TEST.targets["sbp"][known, 0], predict(name, "sbp")[known, 0]) > 0.65
    known = ~np.isnan(TEST.targets["diabetes"][:, 0])
    assert roc_auc_score(TEST.targets["diabetes"][known, 0], predict(name, "diabetes")[known, 0]) > 0.85
    gaps = np.isnan(TEST.inputs.numeric[:, 1])
    assert predict(name, "sbp")[gaps].mean() > predict(name, "sbp")[~gaps].mean() + 8


@EVERY
@pytest.mark.parametrize("task", list(TASKS))
def test_no_label_of_the_evaluated_people_matters(name: str, task: str) -> None:
    blind = retarget(TEST, task, np.full_like(TEST.targets[task], np.nan))
    assert (predict(name, task, test=blind) == predict(name, task)).all()


@EVERY
def test_valid_labels_choose_among_fits_and_never_enter_one(name: str) -> None:
    """With a single candidate and no stopping there is nothing to choose, so they change nothing."""
    fixed = BaselineSettings.model_validate(
        {
            "linear": {"ridge": [10.0], "logistic": [0.1]},
            "lightgbm": {"num_leaves": [4], "max_rounds": 1, "rounds_without_valid": 1},
            "catboost": {"depth": [4], "max_rounds": 1, "rounds_without_valid": 1},
        }
    )
    fits = []
    for target in (VALID.targets["sbp"], -VALID.targets["sbp"], VALID.targets["sbp"] * np.nan):
        valid = retarget(VALID, "sbp", target)
        fits.append(BASELINES[name](TRAIN, {"test": TEST}, valid, TASKS["sbp"], SPEC, fixed, 0)["test"])
    assert (fits[0] == fits[1]).all()
    assert (fits[0] == fits[2]).all()


@EVERY
def test_another_tasks_labels_do_not_matter(name: str) -> None:
    other = retarget(TRAIN, "sbp", -TRAIN.targets["sbp"])
    assert (predict(name, "diabetes", train=other) == predict(name, "diabetes")).all()


@EVERY
def test_rows_without_a_label_are_as_good_as_absent(name: str) -> None:
    """The linear model's scaling does see their inputs, which are no labels."""
    known = ~np.isnan(TRAIN.targets["diabetes"][:, 0])
    difference = np.abs(predict(name, "diabetes", train=TRAIN.take(known)) - predict(name, "diabetes")).max()
    assert difference < 0.05 if name == "linear" else difference == 0


@EVERY
def test_one_class_in_train_predicts_the_base_rate(name: str) -> None:
    for value in (0.0, 1.0):
        train = retarget(TRAIN, "diabetes", np.full_like(TRAIN.targets["diabetes"], value))
        assert (predict(name, "diabetes", train=train) == value).all()
    train = retarget(TRAIN, "thal", np.full_like(TRAIN.targets["thal"], 2.0))
    assert (predict(name, "thal", train=train) == [0.0, 0.0, 1.0]).all()
    half = np.stack([np.zeros(len(TRAIN)), TRAIN.targets["chronic"][:, 1]], axis=1)
    prediction = predict(name, "chronic", train=retarget(TRAIN, "chronic", half))
    assert (prediction[:, 0] == 0).all()
    assert (prediction[:, 1] == predict(name, "chronic")[:, 1]).all()


@EVERY
def test_a_class_that_train_lacks_keeps_a_small_probability(name: str) -> None:
    target = TRAIN.targets["thal"].copy()
    target[target == 1] = np.nan
    prediction = predict(name, "thal", train=retarget(TRAIN, "thal", target))
    n_labelled = int((~np.isnan(target)).sum())
    assert prediction[:, 1] == pytest.approx(1 / (n_labelled + 3))
    assert prediction.sum(axis=1) == pytest.approx(1)


@EVERY
def test_without_valid_labels_there_is_still_a_model(name: str) -> None:
    valid = retarget(VALID, "diabetes", np.full_like(VALID.targets["diabetes"], np.nan))
    assert len(np.unique(predict(name, "diabetes", valid=valid))) > 10


@EVERY
def test_without_any_label_the_error_names_the_task(name: str) -> None:
    train = retarget(TRAIN, "sbp", np.full_like(TRAIN.targets["sbp"], np.nan))
    with pytest.raises(ValueError, match="task sbp: no labelled row to train on"):
        predict(name, "sbp", train=train)


@EVERY
def test_an_unseen_category_and_an_unseen_gap_are_scored(name: str) -> None:
    inputs = Matrices(np.full_like(TEST.inputs.numeric, np.nan), np.full_like(TEST.inputs.categorical, -1))
    assert np.isfinite(predict(name, "health", test=replace(TEST, inputs=inputs))).all()


def test_the_encoder_learns_from_train_alone_and_drops_what_never_varies() -> None:
    numeric = np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]], dtype=np.float32)
    train = Matrices(numeric, np.array([[0], [1], [0]], dtype=np.int32))
    encode = fit_linear_encoder(train, SPEC)
    design = encode(train)
    # height, its gap, north and south; lead is constant, nobody lives in the west
    assert design.shape == (3, 4)
    assert design.mean(axis=0) == pytest.approx(0)
    assert design.std(axis=0) == pytest.approx(1)
    alone = Matrices(np.array([[np.nan, np.nan]], dtype=np.float32), np.array([[-1]], dtype=np.int32))
    assert encode(alone)[0, 0] == pytest.approx(0)  # the median of train, which is its mean here


def digest() -> str:
    found = [name for name in BASELINES if is_installed(LIBRARIES[name])]
    parts = [predict(name, task).tobytes() for name in found for task in TASKS]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_another_process_with_more_threads_gives_the_same_bits() -> None:
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['digest']())"
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-c", code, str(Path(__file__))]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    assert found == digest()


@pytest.mark.parametrize(
    ("name", "library"),
    [
        pytest.param("catboost", "catboost._catboost", marks=lacks("catboost")),
        ("catboost", "catboost"),
        ("linear", "sklearn"),
    ],
)
def test_a_library_that_is_missing_or_broken_is_one_sentence(name: str, library: str) -> None:
    """In a process of its own: here the libraries are loaded already."""
    code = (
        f"import sys; sys.modules[{library!r}] = None\n"  # Python's own way to make an import fail
        f"from mtl_models.baselines import require_library\nrequire_library({name!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    package = "scikit-learn" if name == "linear" else name
    said = done.stderr.splitlines()[-1]
    if library == "catboost":
        assert said.endswith(
            "the baseline catboost needs catboost, which is not installed: pip install 'mtl-health[boosters]'"
        )
        return
    assert f"the baseline {name} needs {package}, which cannot be loaded (" in said
    assert f"pip install --force-reinstall --no-deps {package}" in said


@lacks("catboost")
@pytest.mark.parametrize("form", ["number", "binary"])
def test_catboost_takes_a_handful_of_people(form: Literal["number", "binary"]) -> None:
    for seed in range(8):
        rows = np.random.default_rng(seed).normal(size=(2, 3))
        outcome = Outcome(form, 2, rows, np.array([0.0, 1.0]), rows[:0], np.zeros(0))
        assert np.isfinite(catboosted.fit(outcome, CatBoostSettings(rounds_without_valid=5), 3, seed)(rows)).all()
