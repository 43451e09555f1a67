from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import polars as pl
import pytest
from onnx import numpy_helper

from mtl_models.data.dataset import Dataset
from mtl_models.serving.scorer import Scorer, score_columns
from mtl_models.training.fit import Fitted
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import TASKS, make_frames

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def features() -> pl.DataFrame:
    return make_frames(300, 2)[0]


@pytest.fixture(scope="module")
def scores(exported_model: Path, features: pl.DataFrame) -> pl.DataFrame:
    return Scorer(exported_model).score(features)


def test_columns_and_types_are_those_of_the_tasks(scores: pl.DataFrame) -> None:
    assert score_columns(TASKS) == {
        "tall": pl.Float64,
        "ill": pl.Int8,
        "ill__p": pl.Float64,
        "type": pl.String,
        "type__p_a": pl.Float64,
        "type__p_b_b": pl.Float64,
        "type__p_c": pl.Float64,
        "grade": pl.String,
        "grade__p_low": pl.Float64,
        "grade__p_mid": pl.Float64,
        "grade__p_high": pl.Float64,
        "conditions": pl.List(pl.String),
        "conditions__p_x": pl.Float64,
        "conditions__p_y_z": pl.Float64,
    }
    assert dict(scores.schema) == {"person_id": pl.String, **score_columns(TASKS)}


def test_scores_are_the_predictions_of_the_network(
    scores: pl.DataFrame, fitted: Fitted, valid: Dataset, features: pl.DataFrame
) -> None:
    predictions = predict(fitted.network, valid)
    assert scores["person_id"].to_list() == features["person_id"].to_list()
    for task in TASKS[:-1]:
        found = scores.select(task.prediction_columns).to_numpy()
        np.testing.assert_allclose(found, predictions[task.name], rtol=1e-5, atol=1e-6)


def test_classes_and_labels_are_written_by_name(scores: pl.DataFrame, fitted: Fitted) -> None:
    types = scores.select("type__p_a", "type__p_b_b", "type__p_c").to_numpy().argmax(axis=1)
    assert scores["type"].to_list() == [("a", "b b", "c")[index] for index in types]
    expected = scores["grade__p_mid"].to_numpy() + 2 * scores["grade__p_high"].to_numpy()
    reached = (expected[:, None] >= fitted.network.head("grade").cuts.numpy()).sum(axis=1)
    assert scores["grade"].to_list() == [("low", "mid", "high")[index] for index in reached]
    for labels, x, y in scores.select("conditions", "conditions__p_x", "conditions__p_y_z").iter_rows():
        assert labels == ["x"] * (x >= 0.5) + ["y z"] * (y >= 0.5)
    assert scores["conditions"].list.len().n_unique() == 3
    assert (scores["ill"] == (scores["ill__p"] >= 0.3)).all()


def test_slices_make_no_difference(exported_model: Path) -> None:
    many = make_frames(2500, 3)[0]
    scorer = Scorer(exported_model)
    whole, parts = (
        scorer.score(many),
        pl.concat(scorer.score(many[start : start + 500]) for start in range(0, 2500, 500)),
    )
    floats = pl.selectors.float()
    np.testing.assert_allclose(whole.select(floats).to_numpy(), parts.select(floats).to_numpy(), atol=1e-6, rtol=1e-6)
    assert scorer.score(many).equals(whole)
    assert scorer.score(many[:0]).schema == whole.schema


def test_columns_are_found_by_name_and_unseen_categories_score(exported_model: Path, features: pl.DataFrame) -> None:
    scorer = Scorer(exported_model)
    shuffled = features.select(reversed(features.columns)).with_columns(pl.lit("Atlantis").alias("home__town"))
    found = scorer.score(shuffled)
    no_town = scorer.score(features.with_columns(pl.lit(None, dtype=pl.String).alias("home__town")))
    assert found.equals(no_town)


def test_a_wrong_checksum_is_refused(exported_model: Path) -> None:
    right = Scorer(exported_model).sha256
    assert Scorer(exported_model, sha256=right).sha256 == right
    with pytest.raises(ValueError, match=r"model.onnx has checksum .* the file was changed"):
        Scorer(exported_model, sha256="0" * 64)


def test_a_missing_feature_is_named(exported_model: Path, features: pl.DataFrame) -> None:
    with pytest.raises(ValueError, match="lab__iron"):
        Scorer(exported_model).score(features.drop("lab__iron"))


def test_a_file_that_does_not_describe_itself_is_refused(exported_model: Path, tmp_path: Path) -> None:
    proto = onnx.load(exported_model)
    del proto.metadata_props[:]
    onnx.save(proto, tmp_path / "bare.onnx")
    with pytest.raises(ValueError, match=r"bare.onnx lacks features, tasks"):
        Scorer(tmp_path / "bare.onnx")


def test_a_prediction_that_is_no_number_stops_the_scoring(
    exported_model: Path, features: pl.DataFrame, tmp_path: Path
) -> None:
    proto = onnx.load(exported_model)
    for initializer in proto.graph.initializer:
        if initializer.name.endswith("task_tall.output.bias"):
            initializer.CopyFrom(numpy_helper.from_array(np.full(1, np.nan, dtype=np.float32), initializer.name))
    onnx.save(proto, tmp_path / "damaged.onnx")
    with pytest.raises(ValueError, match="no finite number in tall:"):
        Scorer(tmp_path / "damaged.onnx").score(features)


def test_scoring_imports_no_torch(exported_model: Path, features: pl.DataFrame, tmp_path: Path) -> None:
    features.write_parquet(tmp_path / "features.parquet")
    script = (
        "import sys; from pathlib import Path; import polars as pl; from mtl_models.serving.scorer import Scorer; "
        "scores = Scorer(Path(sys.argv[1])).score(pl.read_parquet(sys.argv[2])); "
        "print(scores.height, [name for name in ('torch', 'onnx', 'sklearn') if name in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(exported_model), str(tmp_path / "features.parquet")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.stdout.strip() == "300 []", done.stderr
