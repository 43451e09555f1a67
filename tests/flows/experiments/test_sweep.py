"""Sweeps: resumable, on validation people only, with findings that follow the intervals and one page of their own."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from flows.experiments.sweeps import stage
from flows.experiments.sweeps.findings import change_finding, escapes, findings, line_finding
from flows.experiments.sweeps.page import sweeps_page
from flows.experiments.sweeps.plot import sweep_plot
from flows.experiments.sweeps.points import Point, build, plan
from flows.experiments.sweeps.settings import SHARED, SweepSettings, load_sweep, sweep_names
from flows.fitting.names import FINAL
from flows.project.paths import StudyPaths, read_json
from flows.report.drawing import VARIABLES
from flows.stages.features import run as build_features
from flows.stages.validate import run as validate
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.metrics.comparison import verdict
from tests.support import ROOT, copy_project

TINY: dict[str, Any] = {
    "title": "Tiny",
    "question": "Whether it runs.",
    "axis": "cosine",
    "vary": "cosine",
    "values": [0.0, 1.0],
    "data": {"family": "pair", "cosine": 0, "n_train": 60, "n_valid": 40, "n_measured": 50, "n_features": 6},
    "lines": {"all": {}, "one": {"task": "second"}},
    "model": {"trunk": {"name": "shared", "widths": [4]}},
    "training": {"epochs": 2, "batch_size": 32, "seeds": [0, 1]},
    "replicates": 100,
}


def settings_of(**change: Any) -> SweepSettings:
    return SweepSettings.model_validate({**TINY, **change})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the figures of the tiny sweep."""
    folder = tmp_path_factory.mktemp("sweep")
    stage.run(folder, "tiny", settings_of())
    return folder


def kept(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in stage.models_of(folder, "tiny").glob("*.parquet")}


def test_a_tiny_sweep_writes_figures_and_a_plot(project: Path) -> None:
    figures = read_json(stage.reports_of(project) / "tiny.json")
    assert [line["line"] for line in figures["lines"]] == ["all", "one"]
    for line in figures["lines"]:
        assert [point["value"] for point in line["points"]] == [0, 1]
        for point in line["points"]:
            gain = point["gain"]
            assert gain["low"] <= gain["high"]
            assert gain["verdict"] == verdict(gain["low"], gain["high"], is_twin=True)
            assert point["n_labels"] == 60
            assert point["n_people"] == 50
    assert (stage.reports_of(project) / "tiny.svg").read_text().startswith("<?xml")


def test_the_gain_is_that_of_the_predictions(project: Path) -> None:
    figures = read_json(stage.reports_of(project) / "tiny.json")
    point = plan(settings_of())[0]
    frames = [pl.read_parquet(file) for file in stage.models_of(project, "tiny").glob("0-*.parquet")]
    assert len(frames) == 1  # both lines report the same networks
    errors: dict[str, list[float]] = {SHARED.text: [], SHARED.twin.text: []}
    for model, found in errors.items():
        for task in ("first", "second"):
            rmse = []
            for seed in (0, 1):
                truth = build(point, project, seed).measured.targets[task][:, 0]
                rows = frames[0].filter((pl.col("model") == model) & (pl.col("seed") == seed))
                rmse.append(np.sqrt(np.mean((rows[task].to_numpy() - truth) ** 2)))
            found.append(float(np.mean(rmse)))
    gains = 1 - np.array(errors[SHARED.text]) / np.array(errors[SHARED.twin.text])
    reported = [line["points"][0]["gain"]["value"] for line in figures["lines"]]
    np.testing.assert_allclose(reported, [gains.mean(), gains[1]], atol=1e-4)


def test_a_finished_point_is_not_fitted_again_and_a_missing_one_is(project: Path) -> None:
    before, figures = kept(project), (stage.reports_of(project) / "tiny.json").read_bytes()
    assert len(before) == 2
    stage.run(project, "tiny", settings_of())
    assert kept(project) == before
    lost = sorted(before)[0]
    (stage.models_of(project, "tiny") / lost).unlink()
    stage.run(project, "tiny", settings_of())
    after = kept(project)
    assert set(after) == set(before)
    assert {name for name in after if after[name] != before[name]} == {lost}
    assert (stage.reports_of(project) / "tiny.json").read_bytes() == figures


def test_another_setting_is_another_point() -> None:
    def names(**change: Any) -> set[str]:
        return {point.file_name("code") for point in plan(settings_of(**change))}

    assert names() == names(title="Other words", replicates=200)
    assert not names() & names(training={**TINY["training"], "epochs": 3})
    assert not names() & names(data={**TINY["data"], "noise": 0.1})
    assert names() & names(values=[0.0, 0.5, 1.0]) == names()
    assert {point.file_name("other code") for point in plan(settings_of())}.isdisjoint(names())


def test_labels_are_removed_in_training_only_and_no_test_person_is_there(root: Path, tmp_path: Path) -> None:
    for name in ("params.yaml", "presets"):
        (tmp_path / name).symlink_to(root / name)
    paths = StudyPaths(tmp_path, "heart")
    paths.raw.parent.mkdir(parents=True)
    paths.raw.symlink_to(root / "data" / "raw" / "heart")
    heart = Study(paths.root, "heart", given=load_settings(root, "heart"))
    validate(heart)
    build_features(heart)
    splits = pl.read_parquet(paths.features / "splits.parquet")
    splits = splits.select(PERSON, pl.col("r0f0").alias("final"))
    splits.write_parquet(paths.features / "splits.parquet")
    tested = set(splits.filter(pl.col(FINAL) == "test")[PERSON])
    sweep = settings_of(
        vary="missing", values=[0, 0.5], lines={"l": {}}, data={"family": "study", "study": "heart", "task": "disease"}
    )
    whole, half = (build(point, tmp_path, 0) for point in plan(sweep))

    def labels(part: Any) -> int:
        return int((~np.isnan(part.targets["disease"])).sum())

    assert tested
    assert labels(half.train) == labels(whole.train) - round(0.5 * labels(whole.train))
    np.testing.assert_array_equal(half.train.targets["thal"], whole.train.targets["thal"])
    np.testing.assert_array_equal(half.valid.targets["disease"], whole.valid.targets["disease"])
    np.testing.assert_array_equal(half.measured.person, whole.valid.person)
    for part in (half.train, half.valid, half.measured):
        assert not tested & set(part.person)
    assert [task.name for task in half.shown] == ["disease"]
    other = replace(plan(sweep)[0], data=sweep.data.model_copy(update={"task": "diabetes"}))
    with pytest.raises(ValueError, match="heart has no main task 'diabetes'; it has thal, disease"):
        build(other, tmp_path, 0)


def line(name: str, *gains: tuple[float, float, float]) -> dict[str, Any]:
    points = [
        {
            "value": float(place),
            "gain": {"low": low, "value": value, "high": high, "verdict": verdict(low, high, is_twin=True)},
            "shared": 1.0,
            "alone": 1.0,
            "n_labels": 1000,
            "n_people": 500,
        }
        for place, (low, value, high) in enumerate(gains)
    ]
    first, last = points[0]["gain"], points[-1]["gain"]
    change = {key: last[key] - first[key] for key in ("low", "value", "high")}
    return {"line": name, "task": None, "points": points, "change": change}


BAD, GOOD, UNCLEAR = (-0.3, -0.2, -0.1), (0.05, 0.1, 0.15), (-0.1, 0.01, 0.1)


def sweep_of(*lines: dict[str, Any], form: str = "number") -> dict[str, Any]:
    return {"title": "T <&>", "question": "Q", "axis": "x", "form": form, "ends": [0, 2], "lines": list(lines)}


def test_a_finding_says_what_the_interval_says() -> None:
    mixed = line_finding(line("Trunk", BAD, UNCLEAR, GOOD), "number")
    assert "hurts at 0 (−20.0\u00a0% [−30.0, −10.0])" in mixed
    assert "helps at 2 (+10.0\u00a0% [5.0, 15.0])" in mixed
    assert "makes no clear difference at 1 (+1.0\u00a0%" in mixed
    assert line_finding(line("Trunk", BAD, BAD), "number").startswith("Trunk: sharing hurts at every value")
    assert line_finding(line("Trunk", GOOD, GOOD), "number").startswith("Trunk: sharing helps at every value")
    assert "makes no clear difference at every value" in line_finding(line("Trunk", UNCLEAR, UNCLEAR), "number")
    assert "hurts at 0\u00a0%" in line_finding(line("Trunk", BAD, GOOD), "percent")


def test_a_change_is_said_only_where_its_interval_excludes_zero() -> None:
    def change(low: float, value: float, high: float) -> str:
        record = {**line("L", GOOD), "change": {"low": low, "value": value, "high": high}}
        return change_finding(record, sweep_of(record))

    rises = change(0.01, 0.02, 0.03)
    assert rises == "From 0 to 2 its gain rises clearly (by +2.0 points, 95\u00a0% interval [1.0, 3.0])."
    assert "falls clearly" in change(-0.03, -0.02, -0.01)
    assert "no effect was found" in change(-0.01, 0.02, 0.05)


def test_negative_transfer_names_the_lines_without_it_and_their_errors() -> None:
    odd = line("odd", UNCLEAR, BAD, GOOD)
    odd["points"][0]["shared"] = 0.4567
    found = escapes(sweep_of(line("narrow", BAD, UNCLEAR, GOOD), odd, line("soft", UNCLEAR, GOOD, GOOD)))
    assert found == [
        "Negative transfer is detected at 0 with: narrow (intervals below zero). None is detected there with: odd and "
        "soft. Errors of the networks that share at 0: narrow 1.000; odd 0.457; soft 1.000.",
        "Negative transfer is detected at 1 with: odd (intervals below zero). None is detected there with: narrow and "
        "soft. Errors of the networks that share at 1: odd 1.000; narrow 1.000; soft 1.000.",
    ]
    both = escapes(sweep_of(line("narrow", BAD, BAD), line("odd", UNCLEAR, BAD)))
    assert both[0] == "Negative transfer is detected at 0 and 1 with: narrow (intervals below zero)."
    assert escapes(sweep_of(line("narrow", UNCLEAR, GOOD))) == []
    other = {**line("another outcome", GOOD, GOOD), "task": "second"}
    assert escapes(sweep_of(line("narrow", BAD, GOOD), other))[0].endswith("(intervals below zero).")


def test_the_page_is_in_the_pages_colours_and_takes_nothing_from_outside() -> None:
    sweep = sweep_of(line("narrow", BAD, UNCLEAR, GOOD), line("soft", UNCLEAR, UNCLEAR, GOOD))
    page = sweeps_page({"one": sweep, "two": {**sweep, "form": "percent"}})
    assert page == sweeps_page({"one": sweep, "two": {**sweep, "form": "percent"}})
    assert "http" not in page
    assert "T &lt;&amp;&gt;" in page
    assert not [colour for colour in VARIABLES if colour in page.split("</style>")[1]]
    for sentence in findings(sweep):
        assert sentence.split(" (")[0] in page


def test_the_plot_draws_zero_band_and_labels() -> None:
    plot = sweep_plot("one", sweep_of(line("narrow", BAD, UNCLEAR, GOOD), line("soft", GOOD, GOOD, GOOD)))
    for words in ("narrow", "soft", "gain of sharing, %", ">x</text>", ">0</text>"):
        assert words in plot.svg
    assert plot.svg.count("opacity: 0.16") >= 2  # a band a line
    assert (
        plot.svg == sweep_plot("one", sweep_of(line("narrow", BAD, UNCLEAR, GOOD), line("soft", GOOD, GOOD, GOOD))).svg
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vary": "cosin"}, "cosin is no key"),
        ({"values": [1, 0]}, "rising order"),
        ({"contrast": [0, 0.3]}, "0.3 is none of the values"),
        ({"dta": {}}, "dta"),
        ({"lines": {"l": {"task": "frist"}}}, "lines.l.task: give first or second"),
        ({"data": {"family": "pair", "cosine": 2}}, "cosine"),
    ],
)
def test_an_error_names_the_key(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "params.yaml").write_text(yaml.safe_dump({"synthetic": {"tiny": {**TINY, **change}}}))
    with pytest.raises(ValueError, match=message):
        load_sweep(tmp_path, "tiny")


def test_a_line_that_no_part_understands_is_named() -> None:
    with pytest.raises(ValueError, match=r"lines\.odd\.model"):
        plan(settings_of(lines={"odd": {"model": {"trnk": {}}}}))
    with pytest.raises(ValueError, match=r"lines\.odd\.data\.nois"):
        plan(settings_of(lines={"odd": {"data": {"nois": 1}}}))


def test_every_sweep_of_params_is_understood_and_repeated_enough() -> None:
    for name in sweep_names(ROOT):
        sweep = load_sweep(ROOT, name)
        points: list[Point] = plan(sweep)
        assert len(points) == len(sweep.lines) * len(sweep.values), name
        assert len(sweep.training.seeds) >= 5, name
        assert sweep.model.view == "core", name


def test_the_command_has_dvc_run_a_sweep_and_goes_on_from_finished_points(project: Path, tmp_path: Path) -> None:
    copy = copy_project(tmp_path)
    (tmp_path / "sweeps" / "params.yaml").write_text(yaml.safe_dump({"synthetic": {"tiny": TINY}, "studies": {}}))
    shutil.copytree(stage.models_of(project, "tiny"), stage.models_of(tmp_path, "tiny"))
    assert kept(tmp_path) == kept(project)
    said = copy.run("mtl-health", "sweep", "tiny").stdout
    assert kept(tmp_path) == kept(project)  # same code, data and settings: nothing was fitted
    assert "reports/sweeps/index.html" in said
    assert "From 0 to 1" in said
    assert "Tiny" in (tmp_path / "reports" / "sweeps" / "index.html").read_text()
    assert read_json(stage.reports_of(tmp_path) / "tiny.json") == read_json(stage.reports_of(project) / "tiny.json")
    failed = copy.run("mtl-health", "sweep", "other", check=False)
    assert failed.returncode == 1
    assert "no sweep 'other': 'other' is none of tiny" in failed.stderr
