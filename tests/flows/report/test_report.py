"""The figures and the page: stable bytes, nothing from outside, nobody and no small count in them, readable by all."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from rich.console import Console

from flows.report.build import draw_plots
from flows.report.context import ReportContext
from flows.report.drawing import Plot
from flows.report.headline import headline_table
from flows.report.inline import inline_svg
from flows.report.page import render_page
from flows.report.sentences import findings, warnings
from flows.report.tables import feature_table
from flows.report.words import count, figure_text, gain_text, interval_words, listing, number, percent
from mtl_models.data.dataset import Feature, FeatureSpec
from mtl_models.data.tasks import Task
from mtl_models.metrics.collect import collect
from mtl_models.metrics.decisions import judge_decisions
from mtl_models.metrics.reliability import judge_calibration
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.metrics.summary import summarise
from mtl_models.metrics.text import interval, with_interval

TASKS = (
    Task(name="sbp", title="Systolic pressure, mean", kind="regression", unit="mmHg"),
    Task(name="disease", title="Narrowed artery <50 %>", kind="binary"),
    Task(name="health", title="General health", kind="ordinal", classes=("good", "fair", "poor")),
    Task(name="chronic", title="Chronic conditions", kind="multilabel", labels=("asthma", "stroke")),
)
SEX = Feature(name="exam__sex", domain="exam", categories=("f", "m"))
SETTINGS = EvaluationSettings(replicates=100, too_good={"sbp": {"r2": 0.5}})
N, N_STROKE = 400, 6
HISTORY = [
    {"epoch": epoch, "train": dict.fromkeys(names, 1 / epoch), "valid": dict.fromkeys(names, 1.1 / epoch), "score": s}
    for epoch, s, names in ((1, 1.0, ("sbp", "disease")), (2, 0.7, ("sbp", "disease")), (3, 0.8, ("sbp", "disease")))
]


TRAINING = {
    "best_epoch": 2,
    "own_best": {
        "sbp": {"epoch": 1, "loss": 0.8, "kept_loss": 0.84},
        "disease": {"epoch": 2, "loss": 0.5, "kept_loss": 0.5},
        "later": {"epoch": 12, "loss": 0.0, "kept_loss": 0.0},
    },
    "sharing": {"gates": {name: {"expert_0": 0.25, "expert_1": 0.75} for name in ("sbp", "disease")}},
    "affinity": {
        "cosine": {"sbp": {"sbp": 1.0, "disease": -0.12}, "disease": {"sbp": -0.12, "disease": 1.0}},
        "lookahead": {"sbp": {"sbp": 0.02, "disease": -0.0034}, "disease": {"sbp": 0.0012, "disease": 0.03}},
        "groups": {},
    },
    "looked_at": "validation people",
}


def frames() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Predictions of three models, targets with six strokes, and a fixed split."""
    generator = np.random.default_rng(0)
    person = [f"SEQN{index:05d}" for index in range(N)]
    truth = {
        "sbp": generator.normal(120, 20, N),
        "disease": generator.integers(0, 2, N),
        "health": np.arange(N) % 3,
        "chronic__asthma": generator.integers(0, 2, N),
        "chronic__stroke": (np.arange(N) < N_STROKE) * 1,
    }
    tables = []
    for index, model in enumerate(("linear", "multi_task", "single_task")):
        noise = generator.normal(0, 1 + 0.4 * index, (4, N))
        probability = 1 / (1 + np.exp(-(np.stack([truth["disease"], truth["chronic__asthma"]]) - 0.5 + noise[:2])))
        classes = np.exp(-np.abs((truth["health"] + noise[2])[:, None] - np.arange(3)))
        values = {
            "sbp": truth["sbp"] + noise[3] * 8,
            "disease__p": probability[0],
            **{f"health__p_{name}": column for name, column in zip(TASKS[2].classes, classes.T, strict=True)},
            "chronic__p_asthma": probability[1],
            "chronic__p_stroke": np.full(N, 0.02),
        }
        keys = {"model": model, "resample": "split", "part": "test"}
        table = pl.DataFrame({"person_id": person, **values}).with_columns(pl.lit(0, pl.Int32).alias("seed"))
        tables.append(table.with_columns(pl.lit(value).alias(key) for key, value in keys.items()))
    splits = pl.DataFrame({"person_id": person}).with_columns(split=pl.lit("test"), final=pl.lit("test"))
    return pl.concat(tables), pl.DataFrame({"person_id": person, **truth}), splits


def make_context(*, backwards: bool = False, confidence: float = SETTINGS.confidence) -> ReportContext:
    predictions, targets, splits = (frame.reverse() if backwards else frame for frame in frames())
    settings = SETTINGS.model_copy(update={"confidence": confidence})
    summary = summarise(predictions, targets, splits, TASKS, part="test", settings=settings)
    judged = judge_decisions(predictions, targets, splits, TASKS, part="test", settings=settings)
    calibration = judge_calibration(collect(predictions, targets, splits, TASKS, part="test"), TASKS, settings)
    summary = {**summary, "decisions": judged, "calibration": calibration}
    return ReportContext(
        study="demo",
        title="Demo study",
        population="Adults of one clinic",
        summary=summary,
        spec=FeatureSpec((Feature(name="labs__lead", domain="labs"), SEX)),
        parts={"test": N},
        n_people=N + 7,
        n_cohort=N,
        excluded={"under 20 years": 7},
        validation={
            "tables": {
                "DEMO": {
                    "n_rows": 407,
                    "n_valid": 404,
                    "n_rejected": 3,
                    "nulled_by_column_and_rule": {"age": {"range": 12}},
                    "recoded_by_column_and_rule": {},
                }
            }
        },
        plots=draw_plots(summary, predictions, targets, splits, TASKS, HISTORY, TRAINING),
        training=TRAINING,
        identity={"Network": "sha256 0f0f"},
    )


@cache
def demo_context() -> ReportContext:
    """Made once, when a test asks: drawing at import would cost every worker."""
    return make_context()


@cache
def demo_page() -> str:
    return render_page(demo_context())


def digest() -> str:
    text = render_page(make_context()) + "".join(plot.svg for plot in make_context().plots)
    return hashlib.sha256(text.encode()).hexdigest()


def test_another_process_on_another_day_writes_the_same_bytes() -> None:
    code = "import runpy, sys; print(runpy.run_path(sys.argv[1])['digest']())"
    environment = {**os.environ, "PYTHONHASHSEED": "5", "TZ": "Asia/Tokyo", "SOURCE_DATE_EPOCH": "1000000000"}
    command = [sys.executable, "-c", code, str(Path(__file__))]
    found = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()
    assert found == digest()


def test_neither_the_order_of_rows_nor_the_users_matplotlibrc_matters() -> None:
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 20, "axes.grid": True, "svg.fonttype": "path"}):
        assert render_page(make_context(backwards=True)) == demo_page()


def test_the_page_needs_nothing_from_outside() -> None:
    assert not re.search(r"https?://|//[a-z]|<script|<link|<img|@import|src=", demo_page())
    assert set(re.findall(r"url\((.)", demo_page())) <= {"#"}
    assert not re.search(r"\b20\d\d-\d\d-\d\d\b", demo_page())


def test_nobody_is_in_the_page_or_the_figures() -> None:
    text = demo_page() + "".join(plot.svg for plot in demo_context().plots)
    assert "SEQN" not in text
    circles = [plot.svg.count("<use") for plot in demo_context().plots]
    assert max(circles) < 40  # groups and models, not the 400 people


def test_small_counts_are_hidden() -> None:
    assert "fewer than 10" in demo_page()
    assert "Small counts are suppressed: Chronic conditions" in demo_page()
    names = {plot.name for plot in demo_context().plots}
    assert "calibration_chronic__p_asthma" in names
    assert not {"calibration_chronic__p_stroke", "metric_chronic"} & names
    stroke = demo_page().split("<caption>Chronic conditions: Stroke")[1].split("</table>")[0]
    assert "not shown" in stroke
    assert not re.search(r"\d\.\d", stroke)
    cells = re.findall(r"<span>([\d,]+)(?:<|</span>)", demo_page())
    assert not [cell for cell in cells if 0 < int(cell.replace(",", "")) < 10 and cell not in ("1", "2")]  # features


class Outline(HTMLParser):
    """Tags as they open and close, with attributes."""

    void = frozenset({"meta", "path", "use", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def outline() -> Outline:
    parser = Outline()
    parser.feed(demo_page())
    assert parser.open == []
    return parser


def test_tables_and_figures_say_what_they_are(outline: Outline) -> None:
    assert all("scope" in attributes for tag, attributes in outline.tags if tag == "th")
    figures = [attributes for tag, attributes in outline.tags if tag == "svg"]
    assert len(figures) == len(demo_context().plots) > 8
    assert all(each["role"] == "img" and len(each["aria-label"] or "") > 40 for each in figures)
    counts = Counter(tag for tag, _ in outline.tags)
    assert counts["h1"] == 1
    assert counts["figcaption"] == counts["figure"] == len(figures)
    assert counts["caption"] == counts["table"] > 4
    levels = [int(tag[1]) for tag, _ in outline.tags if re.fullmatch(r"h\d", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_identifiers_are_unique_and_links_lead_somewhere(outline: Outline) -> None:
    names = [attributes["id"] for _, attributes in outline.tags if "id" in attributes]
    assert [name for name, n in Counter(names).items() if n > 1] == []
    targets = re.findall(r'(?:href="|url\()#([^")]+)', demo_page())
    assert set(targets) <= set(names)


def test_figures_in_the_page_follow_its_colours() -> None:
    for plot in demo_context().plots:
        text = inline_svg(plot)
        ElementTree.fromstring(text)
        assert re.findall(r"#[0-9a-f]{6}\b", text) == []
        ElementTree.fromstring(plot.svg)  # the file stands alone


def test_text_of_the_study_is_escaped() -> None:
    assert "<50 %>" not in demo_page()
    assert "&lt;50 %&gt;" in demo_page()


def test_sentences_say_where_sharing_helps_and_hurts() -> None:
    text = " ".join(findings(demo_context().summary))
    gains = demo_context().summary["comparisons"]["multi_task"]["single_task"]["tasks"]
    assert gains["sbp"]["verdict"] == "sharing helps"
    assert "lowers the error by" in text
    assert "It helps with systolic pressure" in text
    assert "Too few people to tell for chronic conditions." in text
    assert "Against the linear model, the shared model raises the error by" in text
    assert "clearly worse for systolic pressure" in text


def test_a_figure_too_good_to_be_true_is_the_first_thing_said() -> None:
    found = warnings(demo_context().summary)
    assert found[0].startswith("Linear model, Systolic pressure: R² 0.8")
    assert demo_page().index('<h2 id="warning-title">Too good to be true') < demo_page().index("<h2>In short")
    quiet: dict[str, Any] = {**demo_context().summary, "warnings": []}
    assert "Too good to be true" not in render_page(replace(demo_context(), summary=quiet))


def test_features_say_from_whom_they_are_hidden() -> None:
    assert "Hidden from" not in demo_page()
    told = Feature(name="told__drug", domain="told", hidden_from=("disease", "later"))
    table = feature_table(replace(demo_context(), spec=FeatureSpec((*demo_context().spec.features, told))))
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["Labs", "1", "1", "0", "–"],
        ["Exam", "1", "0", "1", "–"],
        ["Told", "1", "1", "0", "Narrowed artery <50 %>"],
    ]


def test_numbers_for_a_reader() -> None:
    assert [percent(value) for value in (0.0002, -0.0002)] == ["0.0\u00a0%"] * 2
    assert [percent(value) for value in (0.0123, -0.0123, 0.0)] == ["+1.2\u00a0%", "−1.2\u00a0%", "0.0\u00a0%"]
    assert [number(value, "rmse") for value in (123.4, 16.14, 1.053)] == ["123", "16.1", "1.05"]
    assert number(0.81249, "auroc") == "0.812"
    assert [count(n, 10) for n in (None, 0, 9, 10, 12345)] == ["fewer than 10", "0", "fewer than 10", "10", "12,345"]
    assert [listing(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def test_plot_names_are_file_names() -> None:
    plots: list[Plot] = list(demo_context().plots)
    assert len({plot.name for plot in plots}) == len(plots)
    assert all(re.fullmatch(r"[a-z0-9_]+", plot.name) for plot in plots)
    assert {plot.name for plot in plots} >= {"metric_sbp", "gain_linear", "observed_sbp", "learning_disease"}


def test_a_figure_has_one_form_everywhere() -> None:
    gain = {"value": 0.0112, "low": -0.0031, "high": 0.019}
    assert gain_text(gain) == "+1.1\u00a0% [−0.3, 1.9]"
    assert gain_text({**gain, "left_out": ["thal", "hdl"]}, {"thal": "scan"}) == (
        "+1.1\u00a0% [−0.3, 1.9], without scan and hdl (no figure)"
    )
    assert gain_text({"value": -1.0, "low": -1.0, "high": 0.5}) == "−100.0\u00a0% or worse [−100.0, 50.0]"
    assert gain_text({"value": None, "low": None, "high": None}) == "undefined"
    assert figure_text({"value": -0.25, "low": -0.5, "high": 0.1}, "r2") == "−0.250 [−0.500, 0.100]"
    assert (figure_text({"value": 0.25, "low": None}), figure_text(None), gain_text(None)) == ("0.250", "–", "–")


def context_of(targets: pl.DataFrame, predictions: pl.DataFrame | None = None) -> ReportContext:
    """The page of other targets or predictions."""
    ours, _, splits = frames()
    predictions = ours if predictions is None else predictions
    summary = summarise(predictions, targets, splits, TASKS, part="test", settings=SETTINGS)
    plots = draw_plots(summary, predictions, targets, splits, TASKS, HISTORY, TRAINING)
    return replace(demo_context(), summary=summary, plots=plots)


def test_an_outcome_that_nobody_has_is_undefined_and_named_where_means_leave_it_out() -> None:
    context = context_of(frames()[1].with_columns(disease=pl.lit(0)))
    said = findings(context.summary)
    assert "without narrowed artery <50 %> (no figure), compared with the same network" in said[0]
    assert "No figure, for want of people of either kind, for narrowed artery <50 %>." in said
    page = render_page(context)
    assert page.count("<span>undefined<small>the labelled people have one class only</small></span>") == 2
    assert page.count("helps, without Narrowed artery &lt;50 %&gt; (no figure)</small>") == 1
    table = Console(file=io.StringIO(), width=300)
    table.print(headline_table("demo", dict(context.summary)))
    printed = table.file.getvalue()  # type: ignore[attr-defined]
    assert "undefined: the labelled people have one class only" in printed
    assert "without disease (no figure)" in printed


def test_page_plots_and_sentences_say_the_confidence_that_the_record_holds() -> None:
    context = make_context(confidence=0.9)
    text = render_page(context) + "".join(plot.svg + plot.caption for plot in context.plots)
    assert "90\u00a0%" in text
    assert "with 90\u00a0% intervals, one in ten excludes zero by chance" in text
    assert "95\u00a0%" not in text
    assert "with 95\u00a0% intervals, one in twenty excludes zero by chance" in demo_page()


def test_an_interval_is_written_in_one_way() -> None:
    figure = {"value": 0.5, "low": 0.25, "high": 0.75}
    assert with_interval("0.5", figure, str) == "0.5 [0.25, 0.75]"
    assert with_interval("0.5", {**figure, "low": None}, str) == "0.5"
    assert interval({**figure, "high": None}, str) == ""


def test_the_page_says_which_models_vary_by_seed() -> None:
    predictions, targets, _ = frames()
    again = predictions.filter(pl.col("model") == "linear").with_columns(seed=pl.lit(1, pl.Int32))
    context = context_of(targets, pl.concat([predictions, again]))
    assert interval_words(demo_context().summary) == "95\u00a0% intervals over people"
    assert interval_words(context.summary) == (
        "95\u00a0% intervals over people and seeds, for Shared model and Single-task twin over people alone"
    )
    page = render_page(context)
    assert "Intervals cover the choice of people and of the seeds of training, not the choice of settings" in page
    assert "Seeds vary for Linear model (2 seeds); Shared model and Single-task twin: one fit" in page
    assert "one for each outcome; the mean of 2 seeds" in page
    assert "Intervals cover the choice of people, not the choice of settings, features or time." in demo_page()
