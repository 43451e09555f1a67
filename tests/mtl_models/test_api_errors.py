"""What a parameter or a frame may not be: one sentence that names it, and never a cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.utils import estimator_checks

from mtl_models import MultiTaskModel, Task

SECRET = "Ermintrude"
ILL = Task(name="ill", kind="binary")
GRADE = Task(name="grade", kind="ordinal", classes=("low", "high"))
SIGNS = Task(name="signs", kind="multilabel", labels=("x", "y"))
N = 40
GOOD = pl.DataFrame({"age": [float(n) for n in range(N)], "ill": [0, 1] * (N // 2), "pid": [f"p{n}" for n in range(N)]})


def fit(frame: Any = GOOD, tasks: Any = (ILL,), y: Any = None, **parameters: Any) -> MultiTaskModel:
    settings = {"training": {"epochs": 1}, "key": "pid", **parameters}
    return MultiTaskModel(tasks, **settings).fit(frame, y)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"tasks": ILL}, "tasks must be a list of Task, not Task"),
        ({"tasks": ["ill"]}, "tasks must be a list of Task, not of str"),
        ({"tasks": []}, "tasks must hold at least one main task"),
        ({"tasks": [ILL, ILL]}, "tasks need distinct names"),
        ({"tasks": [Task(name="sick", kind="binary")]}, "the frame has no column sick for task sick"),
        ({"frame": [[1.0]]}, "X must be a Polars or pandas frame with named columns, not list"),
        ({"frame": np.ones((3, 2))}, "X must be a Polars or pandas frame with named columns, not ndarray"),
        ({"frame": GOOD.head(0)}, "the frame has no rows"),
        ({"frame": GOOD.drop("age")}, "the frame has no column but targets, key and part"),
        ({"y": GOOD.select("age")}, "y: column age stands in X too"),
        ({"y": pl.DataFrame({"b": [1]})}, "y has 1 rows and X has 40"),
        ({"key": 3}, "key must be the name of a column, not int"),
        ({"key": "pod"}, "key: 'pod' is none of age, ill, pid; the nearest is 'pid'"),
        ({"key": None}, "features: column pid has 32 different texts in 32 rows, as identifiers do"),
        ({"frame": GOOD.with_columns(pid=pl.lit(SECRET))}, "key: column pid has 39 people once more"),
        ({"features": "age"}, "features must be a list of names of columns, not str"),
        ({"features": ["aged"]}, "features: 'aged' is none of age, ill, pid; the nearest is 'age'"),
        ({"features": ["ill"]}, "features: column ill is the key, the part or a target"),
        ({"validation": True}, "validation must be a share or the name of a column, not bool"),
        ({"validation": 1.5}, "validation must lie between 0 and 1"),
        ({"validation": 0.001}, "of 40 rows 40 are left to train and 0 to choose"),
        ({"validation": "part"}, "validation: 'part' is"),
        ({"validation": "age"}, "validation: column age must hold the words train and valid, not Float64"),
        ({"seed": "1"}, "seed must be a whole number from 0, not str"),
        ({"seed": -1}, "seed must be a whole number from 0, not int"),
        ({"model": "mmoe"}, "model must be a mapping or ModelSettings, not str"),
        ({"model": {"trunk": "mmo"}}, "model.trunk.name: 'mmo' is none of"),
        ({"training": {"epochs": "9"}}, "training.epochs: must be a whole number"),
        ({"training": {"epoch": 9}}, "training.epoch: 'epoch' is none of"),
        ({"frame": GOOD.with_columns(day=pl.lit("2026-01-01").str.to_date())}, "features: column day is Date"),
        (
            {"frame": GOOD.with_columns(part=pl.lit(SECRET)), "validation": "part"},
            "validation: column part has 40 of 40 cells that are none of train, valid and test",
        ),
        ({"frame": GOOD.with_columns(ill=pl.lit(7))}, "its target ill has 40 of 40 values other than 0 and 1"),
        ({"frame": GOOD.with_columns(ill=pl.lit(SECRET))}, "its target ill is String; give 0 and 1"),
        (
            {"tasks": [GRADE], "frame": GOOD.with_columns(grade=pl.lit(SECRET))},
            "column grade of task grade has 40 of 40 values that are none of its classes",
        ),
        (
            {"tasks": [SIGNS], "frame": GOOD.with_columns(signs=pl.lit([SECRET]))},
            "column signs of task signs has 40 entries that are none of its labels",
        ),
        (
            {"tasks": [SIGNS], "frame": GOOD.with_columns(signs=pl.lit(SECRET))},
            "must hold lists of its labels, not Str",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        fit(**parameters)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_frame_that_lacks_a_feature_or_has_text_for_a_number_is_refused() -> None:
    model = fit()
    with pytest.raises(ValueError, match="lacks 1 columns that the model needs: age"):
        model.predict(GOOD.drop("age"))
    with pytest.raises(ValueError, match="feature age must be a number, not String") as caught:
        model.predict(GOOD.with_columns(age=pl.lit(SECRET)))
    assert SECRET not in str(caught.value)


@given(missing=st.sets(st.integers(0, N - 1), max_size=N - 12))
@settings(max_examples=8, deadline=None)
def test_any_label_may_be_missing(missing: set[int]) -> None:
    tall = pl.Series("tall", [None if n in missing else n * 2.0 for n in range(N)])
    model = fit(GOOD.with_columns(tall), [ILL, Task(name="tall", kind="regression")])
    found = model.predict(GOOD)
    assert found["ill__p"].is_between(0, 1).all()
    assert found["tall"].is_finite().all()


CHECKS = (
    estimator_checks.check_no_attributes_set_in_init,
    estimator_checks.check_get_params_invariance,
    estimator_checks.check_set_params,
    estimator_checks.check_estimator_repr,
    estimator_checks.check_estimator_cloneable,
    estimator_checks.check_mixin_order,
    estimator_checks.check_estimator_tags_renamed,
    estimator_checks.check_valid_tag_types,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_it_has_the_manners_of_an_estimator(check: Any) -> None:
    """scikit-learn's other checks fit arrays without names: here the columns' names say what is a target."""
    check("MultiTaskModel", MultiTaskModel([ILL]))
