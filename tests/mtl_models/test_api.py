"""MultiTaskModel: what goes in and out of each method, on frames of both kinds."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from mtl_models import MultiTaskModel, Scorer, Task
from mtl_models.data.tables import read_table, to_pandas
from tests.mtl_models.conftest import TASKS, make_frames

SHORT = {"epochs": 4, "batch_size": 64}
GRADES = {0: "low", 1: "mid", 2: "high"}


def frame_of(n_rows: int, seed: int) -> pl.DataFrame:
    """Features and targets of the small study in one frame, one row a person."""
    features, targets = make_frames(n_rows, seed)
    return features.hstack(targets.drop("person_id"))


def fitted_on(frame: Any, **parameters: Any) -> MultiTaskModel:
    return MultiTaskModel(TASKS, **{"training": SHORT, **parameters}).fit(frame)


@pytest.fixture(scope="module")
def model() -> MultiTaskModel:
    return fitted_on(frame_of(300, 1))


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return frame_of(120, 2)


def test_predictions_have_a_column_an_output_and_none_of_an_auxiliary_task(
    model: MultiTaskModel, people: pl.DataFrame
) -> None:
    found = model.predict(people)
    columns = ["tall", "ill", "ill__p", "type", "type__p_a", "type__p_b_b", "type__p_c", "grade", "grade__p_low"]
    columns += ["grade__p_mid", "grade__p_high", "conditions", "conditions__p_x", "conditions__p_y_z"]
    assert found.columns == ["person_id", *columns]
    assert found["person_id"].equals(people["person_id"])
    assert found["type"].is_in(["a", "b b", "c"]).all()
    assert ((found["ill__p"] >= 0.3).cast(pl.Int8) == found["ill"]).all()
    assert model.n_features_in_ == 6
    assert list(model.feature_names_in_) == people.columns[1:7]


@given(seed=st.integers(0, 2**32 - 1), kept=st.integers(1, 120))
@settings(max_examples=10, deadline=None)
def test_a_prediction_is_of_its_own_row_alone(
    model: MultiTaskModel, people: pl.DataFrame, seed: int, kept: int
) -> None:
    rows = np.random.default_rng(seed).permutation(people.height)[:kept]
    whole, part = model.predict(people), model.predict(people[rows])
    for column in whole.drop("person_id", "type", "grade", "conditions", "ill"):
        np.testing.assert_allclose(part[column.name].to_numpy(), column.to_numpy()[rows], rtol=1e-5, atol=1e-6)


def test_the_order_of_columns_and_further_columns_change_nothing(model: MultiTaskModel, people: pl.DataFrame) -> None:
    other = people.select(reversed(people.columns)).with_columns(further=pl.lit("x"))
    assert model.predict(other).equals(model.predict(people))


def test_pandas_learns_and_predicts_what_polars_does(people: pl.DataFrame) -> None:
    train = frame_of(300, 1)
    ours = fitted_on(train).predict(people)
    as_pandas = to_pandas(people, pd.Index(range(500, 500 + people.height)))
    theirs = fitted_on(to_pandas(train)).predict(as_pandas)
    assert isinstance(theirs, pd.DataFrame)
    assert theirs.index.equals(as_pandas.index)
    assert read_table(theirs).frame.drop("conditions").equals(ours.drop("conditions"))
    assert theirs["conditions"].tolist() == ours["conditions"].to_list()


def test_the_same_seed_gives_the_same_model_and_another_one_another(people: pl.DataFrame) -> None:
    train = frame_of(300, 1)
    first, again, other = (fitted_on(train, seed=seed).predict(people) for seed in (5, 5, 6))
    assert first.equals(again)
    assert not first.equals(other)


def test_names_of_classes_and_lists_of_labels_are_read_as_places_and_columns_are() -> None:
    frame = frame_of(300, 1)
    lists = [
        None if x is None or y is None else [name for name, has in (("x", x), ("y z", y)) if has]
        for x, y in frame.select("conditions__x", "conditions__y_z").rows()
    ]
    places = frame.with_columns(
        # a list lacks as a whole
        pl.when(pl.Series([each is None for each in lists])).then(None).otherwise(pl.col(name)).alias(name)
        for name in ("conditions__x", "conditions__y_z")
    )
    named = places.drop("conditions__x", "conditions__y_z").with_columns(
        pl.col("grade").replace_strict(GRADES, return_dtype=pl.String),
        pl.Series("conditions", lists, dtype=pl.List(pl.String)),
    )
    features = frame.columns[1:7]
    models = [fitted_on(each, features=features) for each in (places, named)]
    assert models[0].predict(frame).equals(models[1].predict(frame))


def test_validation_can_be_a_column_and_its_test_rows_are_left_out() -> None:
    frame = frame_of(300, 1)
    parts = pl.Series("part", ["train"] * 200 + ["valid"] * 60 + ["test"] * 40)
    model = fitted_on(frame.with_columns(parts), validation="part")
    assert model.n_rows_ == {"train": 200, "valid": 60, "left_out": 40}
    assert "part" not in model.feature_names_in_
    # what they hold has no effect
    blank = frame.with_columns(pl.when(parts == "test").then(None).otherwise(pl.col("tall")).alias("tall"))
    assert fitted_on(blank.with_columns(parts), validation="part").predict(frame).equals(model.predict(frame))


def test_targets_in_a_second_frame_are_those_of_the_same_rows(people: pl.DataFrame) -> None:
    frame = frame_of(300, 1)
    x, y = frame[:, :7], frame[:, 7:]
    apart = MultiTaskModel(TASKS, training=SHORT).fit(x, y)
    assert apart.predict(people).equals(fitted_on(frame).predict(people))


def test_what_a_task_calls_a_leak_and_its_source_column_are_not_shown_to_it() -> None:
    frame = frame_of(300, 1).rename({"ill": "ILL"})
    ill = Task(name="ill", kind="binary", columns=("ILL",), leaks=("lab__iron",))
    model = MultiTaskModel([TASKS[0], ill], features=None, training=SHORT).fit(frame.drop(*frame.columns[9:]))
    assert not {"lab__iron", "ILL", "ill", "tall"} & set(model.feature_names_in_)
    own = MultiTaskModel([TASKS[0], ill], training=SHORT, model={"view": "own"}).fit(frame.drop(*frame.columns[9:]))
    assert "lab__iron" in own.feature_names_in_
    changed = frame.with_columns(pl.col("lab__iron") + 100)
    assert own.predict(changed)["ill__p"].equals(own.predict(frame)["ill__p"])
    assert not own.predict(changed)["tall"].equals(own.predict(frame)["tall"])


def test_an_evaluation_stands_beside_twins_and_baselines(model: MultiTaskModel, people: pl.DataFrame) -> None:
    found = model.evaluate(people, baselines=["linear"], settings={"replicates": 20})
    assert set(found.metrics["model"]) == {"multi_task", "single_task", "linear"}
    assert set(found.metrics["task"]) == {task.name for task in TASKS if task.role == "main"}
    r2 = found.metrics.row(by_predicate=(pl.col("model") == "multi_task") & (pl.col("metric") == "r2"), named=True)
    known = people["tall"].is_not_null()
    truth, guess = people["tall"].filter(known).to_numpy(), model.predict(people)["tall"].filter(known).to_numpy()
    assert r2["value"] == pytest.approx(
        1 - ((truth - guess) ** 2).sum() / ((truth - truth.mean()) ** 2).sum(), abs=1e-4
    )
    assert r2["low"] <= r2["value"] <= r2["high"]
    assert r2["n"] == known.sum()
    assert set(found.gains["over"]) == {"single_task", "linear"}
    assert str(found).splitlines()[1].startswith("tall: r2 ")
    # the order of people changes no estimate
    turned = model.evaluate(people[::-1], twins=False, settings={"replicates": 20})
    assert turned.metrics["value"].to_list() == found.metrics.filter(model="multi_task")["value"].to_list()


def test_the_file_scores_what_the_model_predicts(model: MultiTaskModel, people: pl.DataFrame, tmp_path: Path) -> None:
    path = model.export(str(tmp_path / "model.onnx"))
    scorer = Scorer(path)
    ours, theirs = model.predict(people), scorer.score(people)
    assert theirs.schema == ours.schema
    for column in ours.select(pl.selectors.float()):
        unit = 8.0 if column.name == "tall" else 1.0
        np.testing.assert_allclose(theirs[column.name] / unit, column / unit, atol=1e-5)
    in_pandas = scorer.score(to_pandas(people.drop("person_id")))
    assert in_pandas.columns.tolist() == ours.columns[1:]
    assert in_pandas["tall"].tolist() == theirs["tall"].to_list()
    assert [each.name for each in tmp_path.iterdir()] == ["model.onnx"]


def test_a_stored_model_predicts_the_same_and_holds_nobody(model: MultiTaskModel, people: pl.DataFrame) -> None:
    stored = pickle.dumps(model)
    loaded = pickle.loads(stored)
    assert loaded.predict(people).equals(model.predict(people))
    assert len(stored) < 200_000
    with pytest.raises(ValueError, match="does not hold the people that it was trained on"):
        loaded.evaluate(people)
    assert loaded.evaluate(people, twins=False, settings={"replicates": 5}).record["n_people"] == people.height
    with pytest.raises(ValueError, match="holds no rows to compare on"):
        loaded.export("model.onnx")


def test_pandas_comes_out_where_it_is_asked_for(model: MultiTaskModel, people: pl.DataFrame) -> None:
    same = clone(model).set_output(transform="pandas")
    assert clone(same).fit(frame_of(100, 1)).predict(people)["tall"].dtype == np.float64
    with pytest.raises(ValueError, match="transform must be 'pandas', 'polars'"):
        same.set_output(transform="arrow")
    with pytest.raises(NotFittedError):
        same.predict(people)
