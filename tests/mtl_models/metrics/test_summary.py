"""The evaluation record: pairing, repeats and seeds, small counts, verdicts, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from mtl_models.data.tasks import Task
from mtl_models.metrics.score import score_task
from mtl_models.metrics.settings import TOO_GOOD, EvaluationSettings
from mtl_models.metrics.summary import flat_metrics, summarise

TASKS = (
    Task(name="sbp", kind="regression", unit="mmHg"),
    Task(name="disease", kind="binary"),
    Task(name="health", kind="ordinal", classes=("good", "fair", "poor")),
    Task(name="chronic", kind="multilabel", labels=("asthma", "stroke")),
    Task(name="waist", kind="regression", role="auxiliary"),
)
SETTINGS = EvaluationSettings(replicates=200, seed=3)
N = 240


def make_targets(n: int = N, *, n_stroke: int = 60) -> pl.DataFrame:
    generator = np.random.default_rng(0)
    target = pl.DataFrame(
        {
            "person_id": [f"p{index:04d}" for index in range(n)],
            "sbp": generator.normal(120, 20, n),
            "disease": generator.integers(0, 2, n),
            "health": np.arange(n) % 3,
            "chronic__asthma": generator.integers(0, 2, n),
            "chronic__stroke": (np.arange(n) < n_stroke).astype(int),
        }
    )
    gap = pl.Series(generator.random(n) < 0.1)
    return target.with_columns(pl.when(gap).then(None).otherwise(pl.col("sbp")).alias("sbp"))


TARGETS = make_targets()
SPLITS = TARGETS.select(
    "person_id",
    split=pl.when(pl.int_range(pl.len()) < 40).then(pl.lit("train")).otherwise(pl.lit("test")),
    final=pl.lit("test"),
)


def make_predictions(
    model: str, noise: float, *, targets: pl.DataFrame = TARGETS, seed: int = 0, resample: str = "split"
) -> pl.DataFrame:
    """Predictions that know the truth up to ``noise``, for all people."""
    generator = np.random.default_rng([seed, round(noise * 1000)])
    n = targets.height

    def probability(name: str) -> np.ndarray:
        logit = (targets[name].fill_null(0).to_numpy() - 0.5) * 2 + generator.normal(0, noise, n)
        return 1 / (1 + np.exp(-logit))

    distance = np.abs(targets["health"].to_numpy()[:, None] + generator.normal(0, noise, (n, 1)) - np.arange(3))
    classes = np.exp(-distance) / np.exp(-distance).sum(axis=1, keepdims=True)
    return pl.DataFrame(
        {
            "model": [model] * n,
            "seed": pl.Series([seed] * n, dtype=pl.Int32),
            "resample": [resample] * n,
            "part": ["test"] * n,
            "person_id": targets["person_id"],
            "sbp": targets["sbp"].fill_null(120).to_numpy() + generator.normal(0, 10 * noise, n),
            "disease__p": probability("disease"),
            **{f"health__p_{name}": classes[:, index] for index, name in enumerate(("good", "fair", "poor"))},
            "chronic__p_asthma": probability("chronic__asthma"),
            "chronic__p_stroke": probability("chronic__stroke"),
        }
    )


def of_test(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col("person_id") >= "p0040")


PREDICTIONS = pl.concat(
    [
        of_test(make_predictions("multi_task", 1.0)),
        of_test(make_predictions("single_task", 1.02)),
        of_test(make_predictions("linear", 2.5)),
    ]
)


def summary_of(
    predictions: pl.DataFrame = PREDICTIONS,
    targets: pl.DataFrame = TARGETS,
    splits: pl.DataFrame = SPLITS,
    settings: EvaluationSettings = SETTINGS,
) -> dict[str, Any]:
    return summarise(predictions, targets, splits, TASKS, part="test", settings=settings)


def test_every_model_and_main_task_has_its_metrics_with_interval_and_n() -> None:
    summary = summary_of()
    assert list(summary["tasks"]) == ["sbp", "disease", "health", "chronic"]
    assert summary["n_people"] == 200
    n_sbp = of_test(TARGETS)["sbp"].drop_nulls().len()
    for record in summary["models"].values():
        figure = record["tasks"]["sbp"]["metrics"]["rmse"]
        assert figure["n"] == n_sbp < 200
        assert figure["low"] < figure["value"] < figure["high"]
        assert set(record["tasks"]["chronic"]["labels"]) == {"asthma", "stroke"}
    target = of_test(TARGETS)["disease"].to_numpy()[:, None] * 1.0
    prediction = of_test(make_predictions("multi_task", 1.0))["disease__p"].to_numpy()[:, None]
    expected = score_task(TASKS[1], target, prediction).metrics["auroc"][0]
    assert summary["models"]["multi_task"]["tasks"]["disease"]["metrics"]["auroc"]["value"] == round(expected, 4)


def test_the_record_is_the_same_json_whatever_the_order_of_rows() -> None:
    text = json.dumps(summary_of(), allow_nan=False)
    assert text == json.dumps(summary_of(PREDICTIONS.reverse(), TARGETS.reverse(), SPLITS.reverse()))
    assert json.loads(text) == summary_of()


def test_a_model_against_itself_differs_by_nothing_at_all() -> None:
    twin = PREDICTIONS.filter(pl.col("model") == "multi_task").with_columns(model=pl.lit("single_task"))
    predictions = pl.concat([PREDICTIONS.filter(pl.col("model") == "multi_task"), twin])
    gain = summary_of(predictions)["comparisons"]["multi_task"]["single_task"]
    for record in [*gain["tasks"].values(), gain["mean"]]:
        assert (record["value"], record["low"], record["high"]) == (0.0, 0.0, 0.0)
        assert record["verdict"] == "no difference"


def test_pairing_makes_intervals_of_like_models_narrow() -> None:
    summary = summary_of()
    gain = summary["comparisons"]["multi_task"]["single_task"]["tasks"]["sbp"]
    rmse = summary["models"]["multi_task"]["tasks"]["sbp"]["metrics"]["rmse"]
    shifted = PREDICTIONS.filter(pl.col("model") == "multi_task").with_columns(pl.col("sbp") + 1)
    pair = pl.concat(
        [PREDICTIONS.filter(pl.col("model") == "multi_task"), shifted.with_columns(model=pl.lit("linear"))]
    )
    near = summary_of(pair)["comparisons"]["multi_task"]["linear"]["tasks"]["sbp"]
    assert near["high"] - near["low"] < (rmse["high"] - rmse["low"]) / rmse["value"] / 2
    assert near["high"] - near["low"] < gain["high"] - gain["low"]


def test_gain_is_the_relative_reduction_of_the_loss_and_names_the_worst_task() -> None:
    summary = summary_of()
    models, gain = summary["models"], summary["comparisons"]["multi_task"]["linear"]
    for task, loss in (("sbp", "rmse"), ("disease", "log_loss"), ("chronic", "log_loss")):
        ours, theirs = (models[name]["tasks"][task]["metrics"][loss]["value"] for name in ("multi_task", "linear"))
        assert gain["tasks"][task]["value"] == pytest.approx(1 - ours / theirs, abs=2e-4)
    values = {name: record["value"] for name, record in gain["tasks"].items()}
    assert gain["mean"]["value"] == pytest.approx(np.mean(list(values.values())), abs=2e-4)
    assert gain["worst"]["task"] == min(values, key=lambda name: values[name])
    assert gain["mean"]["verdict"] == "gain"
    assert gain["mean"]["low"] > 0


def test_sharing_helps_or_hurts_against_the_twin_alone() -> None:
    renamed = PREDICTIONS.with_columns(pl.col("model").replace({"linear": "single_task", "single_task": "linear"}))
    swapped = summary_of(
        renamed.with_columns(pl.col("model").replace({"single_task": "multi_task", "multi_task": "single_task"}))
    )
    assert summary_of(renamed)["comparisons"]["multi_task"]["single_task"]["mean"]["verdict"] == "sharing helps"
    assert swapped["comparisons"]["multi_task"]["single_task"]["mean"]["verdict"] == "sharing hurts"


def folds(n_repeats: int, n_folds: int) -> pl.DataFrame:
    generator = np.random.default_rng(1)
    frame = TARGETS.select("person_id")
    for repeat in range(n_repeats):
        fold = generator.permutation(np.arange(N) % n_folds)
        for index in range(n_folds):
            part = np.select([fold == index, fold == (index + 1) % n_folds], ["test", "valid"], "train")
            frame = frame.with_columns(pl.Series(f"r{repeat}f{index}", part))
    return frame.with_columns(final=pl.col("r0f0"))


def fold_predictions(model: str, splits: pl.DataFrame, noise: float, seed: int = 0) -> pl.DataFrame:
    names = [name for name in splits.columns if name.startswith("r")]
    parts = []
    for name in names:
        people = splits.filter(pl.col(name) == "test")["person_id"].to_list()
        whole = make_predictions(model, noise + int(name[1]) * 0.1, seed=seed, resample=name)
        parts.append(whole.filter(pl.col("person_id").is_in(people)))
    return pl.concat(parts)


def test_repeats_are_pooled_over_folds_and_averaged() -> None:
    splits = folds(2, 3)
    predictions = fold_predictions("multi_task", splits, 1.0)
    summary = summary_of(predictions, splits=splits)
    assert (summary["n_people"], summary["n_repeats"]) == (N, 2)
    each = []
    for repeat in ("r0", "r1"):
        rows = predictions.filter(pl.col("resample").str.starts_with(repeat)).sort("person_id")
        target = TARGETS["disease"].to_numpy()[:, None] * 1.0
        each.append(score_task(TASKS[1], target, rows["disease__p"].to_numpy()[:, None]).metrics["auroc"][0])
    assert each[0] != each[1]
    found = summary["models"]["multi_task"]["tasks"]["disease"]["metrics"]["auroc"]
    assert found["value"] == pytest.approx(np.mean(each), abs=1e-4)
    assert found["n"] == N


def test_seeds_are_averaged() -> None:
    seeds = [of_test(make_predictions("multi_task", 1.0, seed=seed)) for seed in (0, 1)]
    both = summary_of(pl.concat(seeds))["models"]["multi_task"]
    each = [
        summary_of(frame)["models"]["multi_task"]["tasks"]["disease"]["metrics"]["auroc"]["value"] for frame in seeds
    ]
    assert both["seeds"] == [0, 1]
    assert both["tasks"]["disease"]["metrics"]["auroc"]["value"] == pytest.approx(np.mean(each), abs=1e-4)


def test_seeds_widen_the_interval_and_one_seed_does_not() -> None:
    """Two seeds far apart: the interval of their mean holds both, and is that of people alone if they are alike."""
    near, far = make_predictions("multi_task", 1.0), make_predictions("multi_task", 4.0)
    same, apart = (
        summary_of(pl.concat([of_test(near), of_test(other.with_columns(seed=pl.lit(1, pl.Int32)))]))
        for other in (near, far)
    )
    alone = summary_of(of_test(near))
    rmse = [each["models"]["multi_task"]["tasks"]["sbp"]["metrics"]["rmse"] for each in (alone, same, apart)]
    assert rmse[0] == rmse[1]
    assert rmse[2]["low"] < rmse[0]["high"]
    assert rmse[2]["high"] - rmse[2]["low"] > 3 * (rmse[0]["high"] - rmse[0]["low"])


def test_small_classes_are_hidden_and_cannot_be_worked_out() -> None:
    targets = make_targets(n_stroke=46)  # six of them in the test part
    summary = summary_of(targets=targets)
    label = summary["tasks"]["chronic"]["labels"]["stroke"]
    assert (label["n_positive"], label["shown"], summary["tasks"]["chronic"]["shown"]) == (None, False, False)
    record = summary["models"]["multi_task"]["tasks"]["chronic"]
    assert record["labels"]["stroke"]["auroc"]["low"] is None
    assert record["labels"]["asthma"]["auroc"]["low"] is not None
    assert record["metrics"]["auroc"]["low"] is None
    gain = summary["comparisons"]["multi_task"]["linear"]["tasks"]["chronic"]
    assert (gain["low"], gain["verdict"]) == (None, "too few people")
    rare = TARGETS.with_columns(health=pl.when(pl.int_range(pl.len()) == 100).then(2).otherwise(pl.col("health") % 2))
    assert set(summary_of(targets=rare)["tasks"]["health"]["classes"].values()) == {None}


def test_a_handful_of_labelled_people_gives_no_figure() -> None:
    few = TARGETS.with_columns(sbp=pl.when(pl.int_range(pl.len()) < 45).then(pl.col("sbp")))
    summary = summary_of(targets=few)
    assert summary["tasks"]["sbp"]["n"] is None
    assert summary["models"]["linear"]["tasks"]["sbp"]["metrics"]["rmse"] == dict.fromkeys(
        ("value", "low", "high", "n")
    )


def test_a_task_without_labels_is_undefined_and_not_a_number() -> None:
    empty = TARGETS.with_columns(pl.lit(None, dtype=pl.Int8).alias("disease"))
    summary = summary_of(targets=empty)
    assert summary["models"]["linear"]["tasks"]["disease"]["metrics"]["auroc"]["value"] is None
    mean = summary["models"]["linear"]["headline_mean"]
    assert (mean["n_tasks"], mean["left_out"]) == (3, ["disease"])
    others = {task: record["metrics"] for task, record in summary["models"]["linear"]["tasks"].items()}
    headlines = [others[task][summary["tasks"][task]["headline"]]["value"] for task in ("sbp", "health", "chronic")]
    assert mean["value"] == pytest.approx(np.mean(headlines), abs=1e-4)
    gains = summary["comparisons"]["multi_task"]["linear"]
    assert gains["tasks"]["disease"]["value"] is None
    assert gains["mean"]["left_out"] == ["disease"]
    assert flat_metrics(summary)["left_out_of_means"] == "disease"
    assert "left_out_of_means" not in flat_metrics(summary_of())
    json.dumps(summary, allow_nan=False)


def test_figures_too_good_to_be_true_are_named() -> None:
    settings = SETTINGS.model_copy(update={"too_good": {"sbp": {"r2": 0.6}, "disease": {"auroc": 0.999}}})
    warnings = summary_of(settings=settings)["warnings"]
    assert {(warning["model"], warning["task"]) for warning in warnings} == {
        ("multi_task", "sbp"),
        ("single_task", "sbp"),
    }
    assert warnings[0]["value"] > warnings[0]["limit"] == 0.6


def test_without_a_limit_of_its_own_a_task_has_that_of_its_metric() -> None:
    settings = EvaluationSettings(too_good={"sbp": {"r2": 0.6, "rmse": 3.0}, "disease": {"auroc": 1.0}})
    assert settings.too_good_for("health") == TOO_GOOD
    assert settings.too_good_for("sbp") == {**TOO_GOOD, "r2": 0.6, "rmse": 3.0}
    truth = PREDICTIONS.join(TARGETS, on="person_id", maintain_order="left")["disease"].cast(pl.Float64)
    told = pl.when(pl.col("model") == "multi_task").then(truth).otherwise("disease__p").alias("disease__p")
    predictions = PREDICTIONS.with_columns(told)
    settings = SETTINGS.model_copy(update={"too_good": settings.too_good})
    found = [each for each in summary_of(predictions=predictions)["warnings"] if each["task"] == "disease"]
    assert [(each["model"], each["task"], each["metric"], each["limit"]) for each in found] == [
        ("multi_task", "disease", "auroc", TOO_GOOD["auroc"])
    ]
    quiet = summary_of(predictions=predictions, settings=settings)["warnings"]
    assert "disease" not in {each["task"] for each in quiet}


def test_few_figures_to_follow() -> None:
    flat = flat_metrics(summary_of())
    assert set(flat["multi_task"]) == {"sbp", "disease", "health", "chronic"}
    assert flat["mean_gain"].keys() == {"single_task", "linear"}
    assert flat["worst_gain"]["linear"] <= flat["mean_gain"]["linear"]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (PREDICTIONS.filter(pl.col("person_id") != "p0100"), "1 rows of the splits are missing, 0 are not"),
        (pl.concat([PREDICTIONS, make_predictions("linear", 2.5)[:3]]), "3 are not in the splits"),
        (pl.concat([PREDICTIONS, PREDICTIONS[:5]]), "5 occur twice"),
        (
            PREDICTIONS.filter(pl.col("model") != "multi_task"),
            "no predictions of multi_task; found linear, single_task",
        ),
    ],
)
def test_predictions_that_do_not_match_the_splits_are_refused(fault: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message) as error:
        summary_of(fault)
    assert "p0" not in str(error.value)


def test_a_missing_repeat_is_refused() -> None:
    splits = folds(2, 3)
    predictions = fold_predictions("multi_task", splits, 1.0).filter(pl.col("resample").str.starts_with("r0"))
    with pytest.raises(ValueError, match="multi_task, seed 0, cover 1 of 2 repeats"):
        summary_of(predictions, splits=splits)


def test_the_resample_of_the_exported_model_is_not_counted() -> None:
    final = make_predictions("multi_task", 0.1, resample="final")
    assert summary_of(pl.concat([PREDICTIONS, final])) == summary_of()
