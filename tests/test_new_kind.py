"""A kind of task that is written here alone is trained, exported, scored, compared, published and reported.

A count: a head that gives the logarithm of the rate, the Poisson deviance as loss, metrics and words of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
import yaml
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from torch import Tensor

from flows.nightly.score_contract import scores_contract
from flows.project.settings import StudySettings
from flows.report.build import draw_plots
from flows.report.context import ReportContext
from flows.report.page import render_page
from flows.report.tables import outcome_table
from flows.study.load import load_settings
from mtl_models.baselines import BASELINES, BaselineSettings
from mtl_models.baselines.settings import BoostedSettings, CatBoostSettings
from mtl_models.data.dataset import Dataset
from mtl_models.data.tasks import Task
from mtl_models.joint import JOINT
from mtl_models.kinds import KINDS
from mtl_models.kinds.base import Kind
from mtl_models.kinds.heads import Head
from mtl_models.kinds.metrics import MAE, Metric
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.summary import summarise
from mtl_models.metrics.weights import Scores, ratio, totals
from mtl_models.serving.export import export_onnx
from mtl_models.serving.scorer import Scorer
from mtl_models.training.fit import FitSettings, TrainingData, fit
from mtl_models.training.losses import masked_mean
from mtl_models.training.prediction import predict
from schemas.published import PublishError, check_published
from tests.mtl_models.conftest import MODEL, SPEC, TASKS, TRAINING, make_frames
from tests.support import ROOT


class CountHead(Head):
    """The logarithm of the expected count."""

    def __init__(self, task: Task, width: int, widths: tuple[int, ...], *, dropout: float, members: int = 0) -> None:
        super().__init__(task, width, widths, dropout=dropout, members=members, n_raw=1)

    def fit(self, target: np.ndarray) -> None:
        self.set_bias(np.log([np.nanmean(target)]))

    def combine(self, raw: Tensor) -> Tensor:
        return raw.logsumexp(dim=1) - float(np.log(raw.shape[1]))

    def row_loss(self, raw: Tensor, target: Tensor) -> Tensor:
        labelled = ~target.isnan()
        count = torch.where(labelled, target, 0.0)
        return masked_mean(2 * (torch.xlogy(count, count) - count * raw - count + raw.exp()), labelled)

    def predictions(self, raw: Tensor) -> Tensor:
        return raw.exp()


def count_scores(target: np.ndarray, prediction: np.ndarray, weights: np.ndarray) -> Scores:
    """Share of the deviance that is explained, mean absolute error and mean deviance."""
    expected, own = prediction[:, 0], target * np.log(np.where(target > 0, target, 1.0))
    columns = {
        "n": np.ones_like(target),
        "count": target,
        "own": own,
        "absolute": np.abs(target - expected),
        "deviance": 2 * (own - target * np.log(expected) - target + expected),
    }
    sums = totals(columns, weights)
    of_mean = 2 * (sums["own"] - sums["count"] * np.log(np.maximum(ratio(sums["count"], sums["n"]), 1e-12)))
    return {
        "d2": 1 - ratio(sums["deviance"], of_mean),
        "mae": ratio(sums["absolute"], sums["n"]),
        "deviance": ratio(sums["deviance"], sums["n"]),
    }


class Count(Kind):
    """How often something happened."""

    words = "count"
    says = "expected count"
    head = CountHead
    formulas = staticmethod(count_scores)
    metrics = (
        Metric(name="d2", title="Explained deviance", about="share of it; 1 is perfect", too_good=0.99),
        MAE,
        Metric(name="deviance", title="Poisson deviance", about="distance of count and rate; 0 is perfect"),
    )
    headline, loss = "d2", "deviance"
    objectives: Mapping[str, str] = {"lightgbm": "poisson", "catboost": "Poisson"}

    def allowed(self, task: Task) -> str:
        return "whole numbers from 0"

    def is_allowed(self, task: Task, values: np.ndarray) -> np.ndarray:
        return np.asarray(np.isfinite(values) & (values >= 0) & (values == np.floor(values)))

    def to_scale(self, values: np.ndarray) -> np.ndarray:
        return np.log1p(values)

    def from_scale(self, values: np.ndarray) -> np.ndarray:
        return np.expm1(np.maximum(values, 1e-3))


BASELINE_SETTINGS = BaselineSettings(
    lightgbm=BoostedSettings(max_rounds=60, patience=10, learning_rate=0.1),
    catboost=CatBoostSettings(max_rounds=60, patience=10, learning_rate=0.2, depth=(3,), rsm=1.0),
)
EVALUATION = EvaluationSettings(replicates=100)
RECORD = {"name": "visits", "kind": "count", "title": "Visits, last year", "unit": "visits"}
ILL = TASKS[1]


@pytest.fixture(scope="module", autouse=True)
def kind() -> Iterator[None]:
    KINDS["count"] = Count()
    yield
    del KINDS["count"]


def people(n: int, seed: int) -> tuple[Dataset, pl.DataFrame, pl.DataFrame]:
    """People with an illness and a count that depends on the same features; a tenth lack each."""
    features, targets = make_frames(n, seed)
    generator = np.random.default_rng(seed)
    rate = np.exp(
        0.6 + 0.04 * (features["body__age"].to_numpy() - 50) + (features["body__sex"] == "m").to_numpy() * 0.5
    )
    visits = pl.Series("visits", generator.poisson(rate)).set(pl.Series(generator.random(n) < 0.1), None)
    targets = targets.select("person_id", "ill").with_columns(visits)
    return Dataset.from_frames(features, targets, SPEC, (Task.from_dict(RECORD), ILL)), features, targets


@dataclass(frozen=True)
class Judged:
    """A model of both tasks, its file, its scores and its evaluation beside all others."""

    tasks: tuple[Task, ...]
    predictions: dict[str, np.ndarray]
    truth: np.ndarray
    scores: pl.DataFrame
    scorer: Scorer
    table: pl.DataFrame
    targets: pl.DataFrame
    splits: pl.DataFrame
    summary: dict[str, Any]


@pytest.fixture(scope="module")
def judged(kind: None, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    visits = Task.from_dict(RECORD)
    tasks = (visits, ILL)
    (train, *_), (valid, *_), (test, features, targets) = people(600, 1), people(300, 2), people(300, 3)
    settings = FitSettings(MODEL, TRAINING)
    network = fit(TrainingData(train, valid, SPEC, tasks), settings).network
    twin = fit(TrainingData(train, valid, SPEC, (visits,)), settings).network
    path = tmp_path_factory.mktemp("count") / "model.onnx"
    export_onnx(network, path, metadata={}, check=valid)
    scorer = Scorer(path)
    found = {"multi_task": predict(network, test)["visits"], "single_task": predict(twin, test)["visits"]}
    for name in BASELINES:
        found[name] = BASELINES[name](train, {"test": test}, valid, visits, SPEC, BASELINE_SETTINGS, 0)["test"]
    joint = JOINT["group_sparse"]
    options = joint.Options.model_validate({"penalties": 12})
    found["group_sparse"] = joint(train, {"test": test}, valid, tasks, SPEC, options, 0)["test"]["visits"]
    keys = {"seed": pl.lit(0, pl.Int32), "resample": pl.lit("split"), "part": pl.lit("test")}
    rows = [
        pl.DataFrame({"person_id": test.person, "visits": values[:, 0]}).with_columns(
            pl.lit(name).alias("model"), **keys
        )
        for name, values in found.items()
    ]
    table = pl.concat(rows)
    splits = pl.DataFrame({"person_id": test.person}).with_columns(split=pl.lit("test"), final=pl.lit("test"))
    summary = summarise(table, targets, splits, (visits,), part="test", settings=EVALUATION)
    truth = test.targets["visits"][:, 0]
    return Judged(tasks, found, truth, scorer.score(features), scorer, table, targets, splits, summary)


def test_it_is_a_task_s_kind_in_params_and_its_metrics_have_limits(tmp_path: Path) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    block = copy.deepcopy(params["studies"]["heart"])
    block["tasks"].append({**RECORD, "columns": ["cleveland.ca"]})

    def load() -> StudySettings:
        (tmp_path / "params.yaml").write_text(yaml.safe_dump({**params, "studies": {"heart": block}}))
        return load_settings(tmp_path, "heart")

    (tmp_path / "presets").symlink_to(ROOT / "presets")
    assert load().task_records[-1].kind == "count"
    block["evaluation"] = {**block.get("evaluation", {}), "too_good": {"visits": {"d2": 0.5, "auroc": 0.5}}}
    with pytest.raises(ValueError, match=r"too_good\.visits: 'auroc' is none of d2, mae, deviance"):
        load()


def test_every_model_learns_it(judged: Judged) -> None:
    known = ~np.isnan(judged.truth)
    for name, predicted in judged.predictions.items():
        assert (predicted > 0).all(), name
        explained = d2_tweedie_score(judged.truth[known], predicted[known, 0], power=1)
        assert explained > 0.2, name
        figures = judged.summary["models"][name]["tasks"]["visits"]["metrics"]
        assert figures["d2"]["value"] == pytest.approx(explained, abs=1e-4)
        deviance = mean_poisson_deviance(judged.truth[known], predicted[known, 0])
        assert figures["deviance"]["value"] == pytest.approx(deviance, abs=1e-4)
        assert figures["d2"]["low"] < figures["d2"]["value"] < figures["d2"]["high"]


def test_it_is_compared_with_its_twin_the_boosters_and_a_joint_model(judged: Judged) -> None:
    compared = judged.summary["comparisons"]["multi_task"]
    assert set(compared) == {"single_task", *BASELINES, "group_sparse"}
    for gain in compared.values():
        assert gain["tasks"]["visits"]["low"] <= gain["tasks"]["visits"]["value"] <= gain["tasks"]["visits"]["high"]
        assert not gain["mean"]["left_out"]


def test_the_file_gives_the_same_counts_and_their_column_is_in_the_contract(judged: Judged) -> None:
    assert judged.scores.columns == ["person_id", "visits", "ill", "ill__p"]
    np.testing.assert_allclose(judged.scores["visits"], judged.predictions["multi_task"][:, 0], rtol=1e-5)
    contract = scores_contract(judged.tasks)
    assert contract.columns["visits"].metadata == {"unit": "visits"}
    published = judged.scores.select(
        "person_id",
        pl.lit(date(2026, 1, 1)).alias("score_date"),
        *judged.scores.columns[1:],
        pl.lit("a").alias("model_version"),
        pl.lit("b").alias("run_id"),
        pl.lit(datetime(2026, 1, 1, tzinfo=UTC), pl.Datetime("us", "UTC")).alias("scored_at"),
        pl.lit(None, pl.String).alias("withheld"),
    )
    check_published(published, contract)
    with pytest.raises(PublishError, match="visits fails finite in 300 rows"):
        check_published(published.with_columns(visits=pl.lit(float("inf"))), contract)


def test_it_has_a_line_in_every_table_of_the_page_and_a_figure(judged: Judged) -> None:
    tasks = judged.tasks[:1]
    context = ReportContext(
        study="demo",
        title="Demo",
        population="Adults",
        summary=judged.summary,
        spec=SPEC,
        parts={"test": 300},
        n_people=300,
        n_cohort=300,
        plots=draw_plots(judged.summary, judged.table, judged.targets, judged.splits, tasks),
    )
    assert [cell.text for cell in outcome_table(context).rows[0]][:2] == ["Visits, last year", "count, visits"]
    assert "observed_visits" in [plot.name for plot in context.plots]
    page = render_page(context)
    for words in (
        "Explained deviance",
        "share of it; 1 is perfect",
        "error: poisson deviance",
        "Mean absolute error, visits",
    ):
        assert words in page


def test_a_count_that_is_too_good_is_a_warning(judged: Judged) -> None:
    table = judged.table.join(judged.targets.select("person_id", truth="visits"), on="person_id", maintain_order="left")
    perfect = table.with_columns(visits=pl.col("truth").fill_null(1).cast(pl.Float64).clip(1e-9)).drop("truth")
    summary = summarise(perfect, judged.targets, judged.splits, judged.tasks[:1], part="test", settings=EVALUATION)
    assert {warning["metric"] for warning in summary["warnings"]} == {"d2"}
