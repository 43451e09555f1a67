"""A student learns what a teacher says of made-up rows, and is exported like any other network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_models.data.dataset import Dataset, Feature, FeatureSpec, Matrices
from mtl_models.data.layout import plan_layout
from mtl_models.network.blanking import TableBlanker, source_tables, without_features, without_tables
from mtl_models.network.network import Network
from mtl_models.network.preprocess import Preprocessor
from mtl_models.serving.export import export_onnx
from mtl_models.settings import DistillationSettings, PreprocessSettings, TrainingSettings
from mtl_models.training.distillation import Swapped, boost, booster_settings, swap_columns, taught_dataset, teach
from mtl_models.training.fit import FitSettings, Fitted, TrainingData, fit
from mtl_models.training.losses import class_log_loss, soft_class_log_loss
from mtl_models.training.prediction import predict
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING

TABLES = {"body": ("BODY",), "lab": ("LAB",), "home": ()}
SOURCED = FeatureSpec(tuple(replace(each, tables=TABLES[each.domain]) for each in SPEC.features))
SETTINGS = DistillationSettings(networks=2, boosters=("linear",), rows=1500, swap=0.4, blanked=0.3)


def training_with(settings: DistillationSettings) -> TrainingSettings:
    return TRAINING.model_copy(update={"distillation": settings})


@pytest.fixture(scope="module")
def swapped(train: Dataset) -> Swapped:
    return swap_columns(train.inputs, SOURCED, SETTINGS, np.random.default_rng(0))


def test_swapped_rows_hold_values_of_training_people_only(train: Dataset, swapped: Swapped) -> None:
    assert len(swapped.inputs) == 1500
    for ours, theirs in (
        (swapped.inputs.numeric, train.inputs.numeric),
        (swapped.inputs.categorical, train.inputs.categorical),
    ):
        for column in range(ours.shape[1]):
            known = set(theirs[:, column][~np.isnan(theirs[:, column].astype(float))])
            assert set(ours[:, column][~np.isnan(ours[:, column].astype(float))]) <= known | {-1}
    # of the rows that keep their tables 0 to .4 of a column's values are somebody else's, .2 on average
    people = {tuple(row) for row in np.nan_to_num(train.inputs.numeric[:, [0, 2]], nan=-1.0)}
    kept = np.nan_to_num(swapped.inputs.numeric[~swapped.blanked][:, [0, 2]], nan=-1.0)
    whole = np.mean([tuple(row) in people for row in kept])
    assert 0.55 < whole < 0.75  # mean of (1 - chance) squared: .653, and a swap may bring the same value


def test_each_row_draws_its_own_chance_of_a_swap(train: Dataset) -> None:
    settings = SETTINGS.model_copy(update={"swap": 1.0, "rows": 4000, "blanked": 0.0})
    columns = 12
    wide = Matrices(np.repeat(np.arange(len(train), dtype=float)[:, None], columns, 1), train.inputs.categorical)
    spec = FeatureSpec(tuple(Feature(name=f"lab__{place}", domain="lab") for place in range(columns)))
    made = swap_columns(wide, spec, settings, np.random.default_rng(0)).inputs.numeric
    kept = np.array([np.unique(row, return_counts=True)[1].max() for row in made]) / columns
    # with one chance for all rows nearly none would be whole and few would be swapped whole
    assert np.mean(kept == 1) > 0.05
    assert np.mean(kept <= 0.25) > 0.15
    assert np.mean(kept) == pytest.approx(0.5, abs=0.08)


def test_only_blanked_rows_lack_whole_tables(train: Dataset, swapped: Swapped) -> None:
    known = without_features(train.inputs, SOURCED, set())
    assert not np.isnan(known.numeric[:, 0]).any()  # age is there for everybody
    assert not np.isnan(swapped.inputs.numeric[~swapped.blanked, 0]).any()
    gone = np.isnan(swapped.inputs.numeric[:, 0])
    assert 0.2 < swapped.blanked.mean() < 0.4
    assert 0.1 < gone[swapped.blanked].mean() < 0.2  # the chance of each table is .15
    assert (swapped.inputs.categorical[gone, 0] == -1).all()


def test_teaching_is_the_weighted_mean_by_hand(fitted: Fitted, swapped: Swapped) -> None:
    of_network = predict(fitted.network, swapped.inputs)
    boosted = {"ill": np.linspace(0, 1, len(swapped.whole))[:, None]}
    taught = teach([fitted.network, fitted.network], boosted, swapped, SETTINGS)
    np.testing.assert_array_equal(taught["tall"], of_network["tall"])
    blanked = swapped.blanked
    np.testing.assert_allclose(taught["ill"][blanked], of_network["ill"][blanked])
    np.testing.assert_allclose(taught["ill"][~blanked], 0.6 * of_network["ill"][~blanked] + 0.4 * boosted["ill"])
    np.testing.assert_array_equal(swapped.whole.numeric, swapped.inputs.numeric[~blanked])


def test_boosters_see_what_their_task_may_see(train: Dataset, valid: Dataset) -> None:
    hidden = FeatureSpec(
        tuple(replace(each, hidden_from=("tall",) if each.domain == "body" else ()) for each in SPEC.features)
    )
    rows = valid.inputs
    other = Matrices(rows.numeric.copy(), rows.categorical)
    other.numeric[:, :2] = -99.0
    tall = [task for task in TASKS if task.name in ("tall", "ill")]
    from mtl_models.baselines import BaselineSettings

    one, two = (
        boost(TrainingData(train, valid, hidden, tall), each, SETTINGS, BaselineSettings(), 0) for each in (rows, other)
    )
    np.testing.assert_array_equal(one["tall"], two["tall"])
    assert not np.array_equal(one["ill"], two["ill"])


def test_a_soft_target_of_one_class_is_that_class() -> None:
    raw = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).log_softmax(dim=1)
    target = torch.tensor([[0.0], [2.0], [1.0], [float("nan")], [2.0]])
    soft = torch.where(target.isnan(), torch.nan, torch.nn.functional.one_hot(target.nan_to_num().long()[:, 0], 3))
    torch.testing.assert_close(soft_class_log_loss(raw, soft), class_log_loss(raw, target))


def test_a_student_comes_near_its_teacher_and_is_exported(train: Dataset, valid: Dataset, tmp_path: Path) -> None:
    settings = SETTINGS.model_copy(update={"boosters": (), "rows": 2000, "networks": 1})
    training = training_with(settings).model_copy(update={"epochs": 15, "patience": 15})
    student = fit(TrainingData(train, valid, SOURCED, TASKS), FitSettings(MODEL, training), seed=1)
    again = fit(TrainingData(train, valid, SOURCED, TASKS), FitSettings(MODEL, training), seed=1)
    model, plain = training.teacher(MODEL)
    assert plain.distillation is None
    teachers = [
        fit(TrainingData(train, valid, SOURCED, TASKS), FitSettings(model, plain), seed=seed).network
        for seed in (20_000,)
    ]
    ours, same = predict(student.network, valid), predict(again.network, valid)
    theirs = {task: np.mean([predict(each, valid)[task] for each in teachers], axis=0) for task in ours}
    assert set(ours) == {task.name for task in TASKS if task.role == "main"}  # nothing of the auxiliary one is left
    for task, values in ours.items():
        np.testing.assert_array_equal(values, same[task])
        gap = np.sqrt(np.mean((values - theirs[task]) ** 2)) / theirs[task].std()
        assert gap < 0.35, task
    export_onnx(student.network, tmp_path / "student.onnx", metadata={}, check=valid)


def test_an_unknown_key_of_the_teacher_is_named(train: Dataset, valid: Dataset) -> None:
    training = training_with(DistillationSettings(training={"epoch": 3}))
    with pytest.raises(ValueError, match=r"training\.distillation\.training\.epoch"):
        fit(TrainingData(train, valid, SPEC, TASKS), FitSettings(MODEL, training))
    from mtl_models.baselines import BaselineSettings

    wrong = DistillationSettings(boosters=("xgboost",))
    with pytest.raises(ValueError, match=r"boosters: 'xgboost' is none of linear, lightgbm, catboost"):
        booster_settings(wrong, BaselineSettings())


def test_a_teacher_answers_from_the_threads_of_the_training(
    train: Dataset, valid: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes side by side whose teachers use every processor wait for one another."""
    seen: list[int] = []

    def watched(*given: Any) -> dict[str, np.ndarray]:
        seen.append(torch.get_num_threads())
        return teach(*given)

    monkeypatch.setattr("mtl_models.training.fit.teach", watched)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        settings = SETTINGS.model_copy(update={"boosters": (), "rows": 50, "networks": 1})
        fit(
            TrainingData(train, valid, SOURCED, TASKS),
            FitSettings(MODEL, training_with(settings).model_copy(update={"epochs": 1, "threads": 1})),
        )
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
    assert seen == [1]
    assert after == 2


def test_a_wrong_booster_is_named_before_anything_is_fitted(
    train: Dataset, valid: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*given: Any, **named: Any) -> None:
        raise AssertionError("a network was fitted")

    monkeypatch.setattr("mtl_models.training.fit.Run", never)
    for wrong in ({"boosters": ("xgboost",)}, {"booster_settings": {"linear": {"rigde": 1}}}):
        training = training_with(SETTINGS.model_copy(update=wrong))
        with pytest.raises(ValueError, match=r"training\.distillation\.booster"):
            fit(TrainingData(train, valid, SOURCED, TASKS), FitSettings(MODEL, training))


def test_boosters_of_a_teacher_have_settings_of_their_own(train: Dataset, valid: Dataset) -> None:
    from mtl_models.baselines import BaselineSettings
    from mtl_models.baselines.settings import LinearSettings

    def said(settings: DistillationSettings, ridge: tuple[float, ...]) -> np.ndarray:
        baselines = BaselineSettings(linear=LinearSettings(ridge=ridge))
        boosters = booster_settings(settings, baselines)
        return boost(TrainingData(train, valid, SPEC, TASKS[:1]), valid.inputs, settings, boosters, 0)["tall"]

    own = SETTINGS.model_copy(update={"booster_settings": {"linear": {"ridge": (10.0,)}}})
    np.testing.assert_array_equal(said(own, (3000.0,)), said(SETTINGS, (10.0,)))
    assert not np.allclose(said(SETTINGS, (3000.0,)), said(SETTINGS, (10.0,)))
    for wrong in ({"linear": {"rigde": 1}}, {"forest": {"trees": 3}}):
        settings = SETTINGS.model_copy(update={"booster_settings": wrong})
        with pytest.raises(ValueError, match=r"training\.distillation\.booster_settings\.(linear\.rigde|forest)"):
            said(settings, (10.0,))


def test_a_blanked_table_is_one_that_has_not_arrived(train: Dataset) -> None:
    layout = plan_layout(SOURCED, train.inputs)
    preprocess = Preprocessor(SOURCED, layout, PreprocessSettings())
    preprocess.fit(train.inputs)
    gone = without_tables(train.inputs, SOURCED, {"LAB"})
    assert np.isnan(gone.numeric[:, 2:4]).all()
    np.testing.assert_array_equal(gone.numeric[:, :2], train.inputs.numeric[:, :2])
    assert source_tables(SOURCED) == ("BODY", "LAB")

    def prepared(inputs: Matrices) -> tuple[torch.Tensor, ...]:
        return tuple(preprocess(torch.from_numpy(inputs.numeric), torch.from_numpy(inputs.categorical)))

    whole = preprocess(torch.from_numpy(train.inputs.numeric), torch.from_numpy(train.inputs.categorical))
    never = TableBlanker(SOURCED, layout, preprocess, chance=0.0)(whole)
    always = TableBlanker(SOURCED, layout, preprocess, chance=1.0)(whole)
    both = prepared(without_tables(train.inputs, SOURCED, {"BODY", "LAB"}))
    for ours, expected in ((never, tuple(whole)), (always, both)):
        for one, other in zip(ours, expected, strict=True):
            assert torch.equal(one, other)


def test_blanking_takes_whole_tables_row_by_row(train: Dataset) -> None:
    network = Network(SOURCED, TASKS, MODEL, plan_layout(SOURCED, train.inputs))
    network.fit_statistics(train)
    whole = network.preprocess(*map(torch.from_numpy, (train.inputs.numeric, train.inputs.categorical)))
    torch.manual_seed(0)
    blanker = TableBlanker(SOURCED, network.layout, network.preprocess, chance=0.3)
    found = blanker(whole)
    changed = (found.values != whole.values).numpy()
    iron, lead = (network.layout.numbers.index(f"lab__{name}") for name in ("iron", "lead"))
    # a person at the median looks the same with and without the table
    present = (whole.values != blanker.blank_values).numpy()[:, [iron, lead]].all(axis=1)
    assert (changed[present, iron] == changed[present, lead]).all()
    assert 0.2 < changed[present, iron].mean() < 0.4


def test_taught_targets_are_the_teachers_outputs(fitted: Fitted, swapped: Swapped) -> None:
    taught = teach([fitted.network], {}, swapped, SETTINGS)
    data = taught_dataset(swapped, taught)
    assert len(data) == 1500
    assert data.targets["type"].shape == (1500, 3)
