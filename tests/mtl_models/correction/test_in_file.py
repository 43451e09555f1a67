"""A correction inside an exported file: the same as numpy's, for every kind, and all else as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from mtl_models.correction.in_file import check_correction, correct, corrections_of
from mtl_models.correction.record import KEY, Correction
from mtl_models.data.dataset import Dataset, Matrices
from mtl_models.kinds import KINDS
from mtl_models.serving.scorer import Scorer, open_session, run_session, score_frame
from tests.mtl_models.conftest import TASKS, make_frames

MAIN = [task for task in TASKS if task.role == "main"]


def corrections() -> dict[str, Correction]:
    """One for every task: a slope, and shifts that move decisions."""
    return {
        task.name: Correction(
            Correction.none(task).scale,
            (1.3,) * task.n_outputs,
            tuple(np.linspace(0.4, -1.2, task.n_outputs).tolist()),
        )
        for task in MAIN
    }


@pytest.fixture(scope="module")
def corrected(exported_model: Path) -> bytes:
    return correct(exported_model.read_bytes(), corrections())


def test_numpy_and_onnxruntime_agree_for_every_kind(
    exported_model: Path, corrected: bytes, valid: Dataset, odd_matrices: Matrices
) -> None:
    assert {task.kind for task in MAIN} == {name for name in KINDS if KINDS[name].scale}
    before = exported_model.read_bytes()
    for inputs in (valid.inputs, odd_matrices):
        check_correction(before, corrected, corrections(), inputs)
    other = corrections() | {"ill": Correction("logit", (1.3,), (0.4001,))}
    with pytest.raises(ValueError, match=r"task ill at batch size 1: numpy and onnxruntime differ by \S+ in ill__p"):
        check_correction(before, corrected, other, valid.inputs)
    with pytest.raises(ValueError, match="in tall"):
        check_correction(before, before, {"tall": Correction("number", (1.0,), (0.5,))}, valid.inputs)


def test_scores_are_the_corrected_scores_of_the_file_before(
    exported_model: Path, corrected: bytes, tmp_path: Path
) -> None:
    """So published scores can be corrected without the features that they were made from."""
    (tmp_path / "model.onnx").write_bytes(corrected)
    features, _ = make_frames(50, 5)
    before, after = Scorer(exported_model).score(features), Scorer(tmp_path / "model.onnx").score(features)
    assert after.schema == before.schema
    for task in MAIN:
        ours = corrections()[task.name].of(before.select(task.prediction_columns).to_numpy())
        np.testing.assert_allclose(after.select(task.prediction_columns).to_numpy(), ours, atol=1e-4)
    assert (before["ill"] != after["ill"]).any()


def test_the_file_says_so_and_is_otherwise_what_it_was(exported_model: Path, corrected: bytes) -> None:
    before, after = onnx.load(exported_model), onnx.load_model_from_string(corrected)
    assert before.graph.input == after.graph.input
    assert before.graph.output == after.graph.output
    texts = {each.key: each.value for each in after.metadata_props}
    assert corrections_of(texts) == corrections()
    assert {key: text for key, text in texts.items() if key != KEY} == {
        each.key: each.value for each in before.metadata_props
    }
    assert corrected == correct(exported_model.read_bytes(), corrections()), "the same bytes each time"
    with pytest.raises(ValueError, match="corrected already"):
        correct(corrected, corrections())


def test_a_task_whose_correction_changes_nothing_is_left_alone(exported_model: Path, valid: Dataset) -> None:
    one = {task.name: Correction.none(task) for task in MAIN} | {"ill": Correction("logit", (1.0,), (1.0,))}
    corrected = correct(exported_model.read_bytes(), one)
    sessions = [open_session(each) for each in (exported_model.read_bytes(), corrected)]
    before, after = (score_frame(MAIN, run_session(session, valid.inputs)) for session in sessions)
    assert before.drop("ill", "ill__p").equals(after.drop("ill", "ill__p"))
    assert list(corrections_of(texts_of(corrected))) == ["ill"]


def texts_of(model: bytes) -> dict[str, str]:
    return dict(open_session(model).get_modelmeta().custom_metadata_map)
