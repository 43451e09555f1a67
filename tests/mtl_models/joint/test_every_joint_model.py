"""What every joint model keeps: shapes, gaps, hidden features, degenerate outcomes, the same bits from any process."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import r2_score, roc_auc_score

from mtl_models.data.dataset import Dataset, FeatureSpec, Matrices
from mtl_models.data.tasks import Task
from mtl_models.joint import JOINT
from mtl_models.joint.base import Hidden
from tests.mtl_models.conftest import SPEC, TASKS, make_dataset

OPTIONS: dict[str, dict[str, Any]] = {
    "group_sparse": {"penalties": 12},
    "clustered": {"mean": [0.03, 0.3], "variance": [0.03, 0.3, "infinite"]},
    "bayesian_linear": {},
    "gaussian_process": {"steps": 2},
}
NAMES = [name for name in JOINT if name != "gaussian_process" or find_spec("gpytorch")]
EVERY = pytest.mark.parametrize("name", NAMES)
TRAIN, VALID, TEST = make_dataset(70, 1), make_dataset(60, 2), make_dataset(200, 3)
Predictions = dict[str, np.ndarray]


def predict(
    name: str,
    *,
    train: Dataset = TRAIN,
    valid: Dataset = VALID,
    test: Dataset = TEST,
    tasks: tuple[Task, ...] = TASKS,
    hidden: Hidden | None = None,
    spec: FeatureSpec = SPEC,
    seed: int = 0,
) -> Predictions:
    model = JOINT[name]
    options = model.Options.model_validate(OPTIONS[name])
    return model(train, {"test": test}, valid, tasks, spec, options, seed, hidden=hidden)["test"]


def relabel(dataset: Dataset, change: Callable[[str, np.ndarray], np.ndarray]) -> Dataset:
    return replace(dataset, targets={name: change(name, target) for name, target in dataset.targets.items()})


def same(one: Mapping[str, np.ndarray], other: Mapping[str, np.ndarray]) -> bool:
    return all((one[name] == other[name]).all() for name in one)


@pytest.fixture(scope="module")
def usual() -> dict[str, Predictions]:
    return {name: predict(name) for name in NAMES}


@EVERY
def test_predictions_have_the_tasks_outputs_and_are_probabilities(name: str, usual: dict[str, Predictions]) -> None:
    assert list(usual[name]) == [task.name for task in TASKS]
    for task in TASKS:
        prediction = usual[name][task.name]
        assert prediction.shape == (len(TEST), task.n_outputs)
        assert np.isfinite(prediction).all()
        if task.kind != "regression":
            assert ((prediction > 0) & (prediction < 1)).all()
        if task.classes:
            assert prediction.sum(axis=1) == pytest.approx(1)


@EVERY
def test_they_find_the_signal_of_every_kind_of_outcome(name: str, usual: dict[str, Predictions]) -> None:
    target = {task: values[:, 0] for task, values in TEST.targets.items()}
    known = {task: ~np.isnan(values) for task, values in target.items()}

    def kept(task: str, column: int = 0) -> tuple[np.ndarray, np.ndarray]:
        return target[task][known[task]], usual[name][task][known[task], column]

    assert r2_score(*kept("tall")) > 0.7
    assert roc_auc_score(*kept("conditions")) > 0.8
    grade, low = kept("grade")
    assert roc_auc_score(grade == 0, low) > 0.8
    assert abs(usual[name]["ill"].mean() - np.nanmean(target["ill"])) < 0.12


@EVERY
def test_no_label_of_the_evaluated_people_matters(name: str, usual: dict[str, Predictions]) -> None:
    blind = relabel(TEST, lambda _, target: np.full_like(target, np.nan))
    assert same(predict(name, test=blind), usual[name])


@EVERY
def test_a_seed_changes_nothing_where_the_method_says_so(name: str, usual: dict[str, Predictions]) -> None:
    assert same(predict(name, seed=7), usual[name]) != JOINT[name].seeded


@EVERY
def test_a_hidden_feature_has_no_effect_on_its_task_and_keeps_it_on_the_others(name: str) -> None:
    """Age is the first feature, sex the second: everything that a task knows of them is hidden from two tasks."""
    hidden = {"tall": (0, 1), "conditions": (0,)}
    first = predict(name, hidden=hidden)
    numeric, categorical = TEST.inputs.numeric.copy(), TEST.inputs.categorical.copy()
    numeric[:, 0] = numeric[::-1, 0] + 40
    numeric[::3, 0] = np.nan
    older = predict(name, hidden=hidden, test=replace(TEST, inputs=Matrices(numeric, categorical)))
    assert (older["tall"] == first["tall"]).all()
    assert (older["conditions"] == first["conditions"]).all()
    assert not np.allclose(older["grade"], first["grade"])
    categorical[:, 0] = 1 - categorical[:, 0]
    other = predict(name, hidden=hidden, test=replace(TEST, inputs=Matrices(numeric, categorical)))
    assert (other["tall"] == first["tall"]).all()
    assert not np.allclose(other["conditions"], older["conditions"])


@EVERY
def test_what_the_spec_hides_from_a_task_is_hidden_like_what_the_caller_hides(name: str) -> None:
    features = [replace(each, hidden_from=("grade",)) if each.name == "body__sex" else each for each in SPEC.features]
    assert same(predict(name, spec=FeatureSpec(tuple(features))), predict(name, hidden={"grade": (1,)}))


@EVERY
def test_something_to_hide_that_there_is_not_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=r"hidden\.tal: no such task"):
        predict(name, hidden={"tal": (0,)})
    with pytest.raises(ValueError, match=r"hidden\.tall: feature indices go from 0 to 5"):
        predict(name, hidden={"tall": (6,)})


@EVERY
def test_one_value_in_train_is_predicted_for_everybody(name: str) -> None:
    constant = {"tall": 170.0, "ill": 1.0, "type": 2.0}
    train = relabel(TRAIN, lambda task, target: target * 0 + constant[task] if task in constant else target)
    found = predict(name, train=train)
    assert (found["tall"] == 170).all()
    assert (found["ill"] == 1).all()
    assert (found["type"] == [0, 0, 1]).all()
    assert len(np.unique(found["grade"][:, 0])) > 10
    nothing = predict(name, train=train, tasks=TASKS[:2])
    assert (nothing["tall"] == 170).all()


@EVERY
def test_a_class_that_train_lacks_keeps_a_small_probability(name: str) -> None:
    train = relabel(TRAIN, lambda task, target: np.where(target == 1, np.nan, target) if task == "grade" else target)
    found = predict(name, train=train)["grade"]
    n_labelled = int((~np.isnan(train.targets["grade"])).sum())
    assert found[:, 1] == pytest.approx(1 / (n_labelled + 3))
    assert found.sum(axis=1) == pytest.approx(1)
    assert len(np.unique(found[:, 0])) > 10


@EVERY
def test_without_valid_labels_there_is_still_a_model(name: str) -> None:
    blind = relabel(VALID, lambda _, target: np.full_like(target, np.nan))
    assert len(np.unique(predict(name, valid=blind)["tall"])) > 10


@EVERY
def test_valid_rows_choose_and_never_enter_a_fit(name: str, usual: dict[str, Predictions]) -> None:
    """Turned labels may change the choice; other inputs without labels change nothing at all."""
    blind = relabel(VALID, lambda _, target: np.full_like(target, np.nan))
    moved = replace(blind, inputs=Matrices(VALID.inputs.numeric + 1, VALID.inputs.categorical))
    assert same(predict(name, valid=blind), predict(name, valid=moved))


@EVERY
def test_an_outcome_without_any_label_is_named(name: str) -> None:
    train = relabel(TRAIN, lambda task, target: target * [np.nan, 1] if task == "conditions" else target)
    with pytest.raises(ValueError, match="task conditions: conditions__x has no labelled row"):
        predict(name, train=train)


@EVERY
def test_one_task_alone_and_unseen_values_are_scored(name: str) -> None:
    empty = Matrices(np.full_like(TEST.inputs.numeric, np.nan), np.full_like(TEST.inputs.categorical, -1))
    for task in TASKS:
        found = predict(name, tasks=(task,), test=replace(TEST, inputs=empty))[task.name]
        assert found.shape == (len(TEST), task.n_outputs)
        assert np.isfinite(found).all()


@EVERY
def test_an_unknown_option_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        JOINT[name].Options.model_validate({"penaltys": 3})


def digest() -> str:
    parts = [values.tobytes() for name in NAMES for values in predict(name).values()]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_another_process_with_more_threads_gives_the_same_bits() -> None:
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['digest']())"
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "PYTHONHASHSEED": "7"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", code, str(Path(__file__))]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    assert found == digest()
