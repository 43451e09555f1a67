"""Groups of tasks: proposed from affinity, trained, judged on validation people, and ready to paste."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml

from flows.cli.tables import groupings, negative_transfer
from flows.experiments.groups import stage as groups
from flows.experiments.groups.choice import PLAIN, base_model, block, judge, plain_trunk, propose, trial
from flows.experiments.groups.page import hurt_sentences, verdict
from flows.fitting.names import ModelName
from flows.project.settings import StudySettings
from flows.study.candidates import settings_of
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.data.dataset import PERSON
from mtl_models.data.tasks import Task
from mtl_models.metrics.settings import EvaluationSettings
from mtl_models.settings import Component, ModelSettings
from tests.flows.experiments.support import heart

TASKS = tuple(Task(name=name, title=name.upper(), kind="regression", unit="m") for name in "abc")
LATER = Task(name="later", title="Later", kind="regression", unit="m", role="auxiliary")
AFFINITY = {
    "a": {"a": 9.0, "b": 0.5, "c": -0.2},
    "b": {"a": 0.3, "b": 9.0, "c": 0.1},
    "c": {"a": 0.1, "b": 0.2, "c": 9.0},
}

TWIN = ModelName(PLAIN).twin.text


def test_main_tasks_decide_and_an_auxiliary_one_joins_those_it_helps_most() -> None:
    assert propose(AFFINITY, TASKS) == {"2 groups": (("a", "b"), ("c",)), "3 groups": (("a",), ("b",), ("c",))}
    # the mean brings the close ones together, the total parts those that harm each other
    harmful = {**{name: {"a": 0.9, "b": 0.9, "c": 0.1, "d": -0.2} for name in "ab"}, "c": dict.fromkeys("abd", 0.1)}
    four = (*TASKS, Task(name="d", kind="regression", unit="m"))
    found = propose({**harmful, "d": {"c": 0.1}}, four)
    assert found["2 groups"] == (("a", "b"), ("c", "d"))
    assert found["2 groups by total"] == (("a", "b", "c"), ("d",))
    # what both propose is trained once
    assert "4 groups by total" not in found
    # a great help to all changes no main task's group; onto {a, b} it is 0.25 on average, onto {c} 0.3
    onto = {"later": {"a": 0.5, "b": 0.0, "c": 0.3, "later": 9.0}}
    drawn = {name: {**row, "later": 7.0} for name, row in AFFINITY.items()}
    assert propose({**drawn, **onto}, (LATER, *TASKS))["2 groups"] == (("a", "b"), ("c", "later"))


def people(n: int = 60) -> tuple[pl.DataFrame, pl.DataFrame, np.random.Generator]:
    generator = np.random.default_rng(0)
    person = [f"p{number:03}" for number in range(n)]
    targets = pl.DataFrame({PERSON: person, **{task.name: generator.normal(size=n) for task in TASKS}})
    splits = pl.DataFrame({PERSON: person}).with_columns(split=pl.lit("valid"), final=pl.lit("valid"))
    return targets, splits, generator


def predictions(targets: pl.DataFrame, off: dict[str, dict[str, float]]) -> pl.DataFrame:
    """Each run's prediction is the truth and a fixed distance from it, so that its error is known."""
    sign = np.where(np.arange(targets.height) % 2 == 0, 1, -1)
    frames = []
    for model, errors in off.items():
        values = {name: targets[name].to_numpy() + sign * error for name, error in errors.items()}
        keys = {"model": model, "resample": "split", "part": "valid"}
        frame = pl.DataFrame({PERSON: targets[PERSON], **values}).with_columns(pl.lit(0, pl.Int32).alias("seed"))
        frames.append(frame.with_columns(pl.lit(value).alias(key) for key, value in keys.items()))
    return pl.concat(frames)


def test_gains_and_the_winner_by_hand() -> None:
    targets, splits, _ = people()
    off = {
        PLAIN: {"a": 1.0, "b": 1.0, "c": 1.25},
        TWIN: {"a": 1.25, "b": 1.0, "c": 1.0},
        "2 groups": {"a": 1.0, "b": 1.0, "c": 1.0},
        "3 groups": {"a": 1.25, "b": 1.0, "c": 1.0},
    }
    found = judge(predictions(targets, off), targets, splits, TASKS, EvaluationSettings(replicates=50))
    over_twins = {name: run["over_twins"]["tasks"] for name, run in found["runs"].items()}
    assert list(found["runs"]) == [PLAIN, "2 groups", "3 groups"]
    assert {name: gain["value"] for name, gain in over_twins[PLAIN].items()} == {"a": 0.2, "b": 0.0, "c": -0.25}
    assert over_twins[PLAIN]["c"]["verdict"] == "sharing hurts"
    assert found["hurt"] == ["c"]
    assert found["runs"]["2 groups"]["over_plain"]["tasks"]["c"]["value"] == 0.2
    assert found["runs"]["2 groups"]["over_plain"]["mean"]["value"] == pytest.approx(0.2 / 3, abs=1e-4)
    assert over_twins["2 groups"]["c"]["value"] == 0
    assert hurt_sentences(found, {"c": "C"}) == [
        "C, against its twin: −25.0\u00a0% with one trunk, 0.0\u00a0% with 2 groups, 0.0\u00a0% with 3 groups."
    ]
    assert hurt_sentences({**found, "hurt": []}, {}) == ["One trunk predicts no outcome worse than its twin does."]
    assert found["winner"] == "2 groups"
    assert verdict(found).startswith("2 groups win: +6.7")


def test_one_trunk_stays_where_no_grouping_is_clearly_better() -> None:
    targets, splits, generator = people()
    noise = {name: float(size) for name, size in zip("abc", generator.normal(1, 0.01, 3), strict=True)}
    off = {
        PLAIN: dict.fromkeys("abc", 1.0),
        TWIN: dict.fromkeys("abc", 1.0),
        "2 groups": {**noise, "a": 1.3},
    }
    found = judge(predictions(targets, off), targets, splits, TASKS, EvaluationSettings(replicates=50))
    assert found["winner"] == PLAIN
    assert "one trunk stays. Nearest: 2 groups, −" in verdict(found)


@pytest.fixture(scope="module")
def stage(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The heart study on one fold, three epochs."""
    folder = tmp_path_factory.mktemp("groups")
    return heart(root, folder, training={"epochs": 3}, baselines={"booster_seeds": 1}, evaluation={"replicates": 100})


@pytest.fixture(scope="module")
def record(stage: Study) -> dict[str, Any]:
    return groups.run(stage)


def test_the_stage_measures_trains_and_judges(stage: Study, record: dict[str, Any]) -> None:
    assert list(record["runs"]) == [PLAIN, "2 groups"]
    assert record["groups"]["2 groups"] == [["disease"], ["thal"]]
    assert record["fits_that_agree"] == {"2 groups": 1}
    assert set(record["affinity"]["lookahead"]["thal"]) == {"thal", "disease"}
    assert json.loads((stage.paths.reports / "groups.json").read_text()) == record
    page = (stage.paths.reports / "groups.html").read_text()
    assert page.count("<svg") == 2
    assert "http" not in page
    assert verdict(record) in page.replace("&nbsp;", "\u00a0")
    assert groupings(record).row_count == 2
    assert negative_transfer(record).row_count == 2


def test_the_page_in_docs_names_every_key(root: Path, record: dict[str, Any]) -> None:
    section = (root / "docs" / "sharing.md").read_text().split("## Groups of tasks")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == list(record)


def test_trained_groupings_are_not_trained_again_and_give_the_same_record(stage: Study, record: dict[str, Any]) -> None:
    before = {path.name: path.stat().st_mtime for path in (stage.paths.models / "groups").glob("*.parquet")}
    page = (stage.paths.reports / "groups.html").read_bytes()
    assert len(before) == 2
    assert groups.run(stage) == record
    assert {path.name: path.stat().st_mtime for path in (stage.paths.models / "groups").glob("*.parquet")} == before
    assert (stage.paths.reports / "groups.html").read_bytes() == page


def test_the_printed_block_is_what_was_trained(stage: Study) -> None:
    chosen = (("thal",), ("disease",))
    model = {**stage.settings.model.model_dump(), **yaml.safe_load(block(stage.settings, chosen))}
    pasted = ModelSettings.model_validate(model)
    update = {"compare": trial(stage.settings, {"2 groups": chosen})}
    assert pasted == settings_of(stage.settings.model_copy(update=update), "2 groups").model


def test_a_study_that_is_grouped_already_is_measured_with_its_inner_trunk(stage: Study) -> None:
    inner = {"name": "shared", "widths": [8]}
    trunk = Component.model_validate({"name": "grouped", "groups": [["thal"]], "trunk": inner})
    model = stage.settings.model.model_copy(update={"trunk": trunk})
    settings: StudySettings = stage.settings.model_copy(update={"model": model})
    assert plain_trunk(settings) == inner
    assert yaml.safe_load(block(settings, (("thal", "disease"),))) == {"trunk": inner}


def test_trials_start_from_the_base_of_the_comparison_and_have_no_teacher(root: Path) -> None:
    settings = load_settings(root, "nhanes")
    assert settings.training.distillation is not None
    assert base_model(settings) == "compare.base.model"
    compare = trial(settings, {"2 groups": (("tc",), ("sbp",))})
    own = settings_of(settings.model_copy(update={"compare": compare}), "2 groups")
    assert own.training.distillation is None
    assert own.training.seeds == settings.compare.seeds
    assert own.model.trunk.options["trunk"] == plain_trunk(settings) == settings.compare.base.model["trunk"]


def test_a_study_of_one_task_has_no_groups(stage: Study) -> None:
    settings = stage.settings.model_copy(update={"tasks": stage.settings.tasks[:1]})
    with pytest.raises(ValueError, match="two main tasks"):
        groups.run(stage.with_settings(StudySettings.model_validate(settings.model_dump())))


def test_a_base_in_another_view_brings_no_boosters_among_the_groupings(stage: Study, record: dict[str, Any]) -> None:
    """A comparison then fits baselines in that view; here they are no grouping, and none of them may win."""
    base = stage.settings.compare.base.model_copy(update={"model": {"view": "own"}})
    other = stage.settings.model_copy(update={"compare": stage.settings.compare.model_copy(update={"base": base})})
    found = groups.run(stage.with_settings(other))
    assert found["runs"].keys() == record["runs"].keys()
    assert found["winner"] in found["groups"]
