"""Comparisons: resumable, ranked on validation people, every method listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from flows.experiments.compare import stage as compare
from flows.experiments.compare.fits import train_missing
from flows.experiments.methods import methods
from flows.project.settings import Candidate, CandidateBase, CompareSettings, StudySettings
from flows.stages import baselines
from flows.study.candidates import settings_of
from flows.study.load import load_settings
from flows.study.study import Study
from mtl_models.baselines.settings import BoostedSettings, CatBoostSettings
from tests.flows.experiments.support import heart
from tests.support import STUDIES


@pytest.fixture(scope="module")
def stage(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The heart study on one fold, three epochs, and three candidates."""
    stage = heart(
        root,
        tmp_path_factory.mktemp("compare"),
        training={"epochs": 3},
        baselines={
            "models": ("lightgbm", "catboost"),
            "booster_seeds": 2,
            "lightgbm": BoostedSettings(num_leaves=(3,), max_rounds=40),
            "catboost": CatBoostSettings(depth=(3,), max_rounds=40),
        },
        evaluation={"replicates": 100},
        compare=CompareSettings(
            seeds=(0, 1),
            candidates={
                "shared": Candidate(twins=True),
                "soft sharing": Candidate(model={"trunk": {"name": "soft", "widths": [8]}}),
                "disease alone": Candidate(tasks=("disease",), model={"heads": {"widths": [4]}}),
            },
        ),
    )
    baselines.run(stage)
    return stage


def files(stage: Study) -> dict[str, float]:
    return {path.name: path.stat().st_mtime for path in (stage.paths.models / "compare").glob("*.parquet")}


def test_a_comparison_ranks_runs_twins_and_baselines(stage: Study) -> None:
    board = compare.run(stage)
    names = {row["candidate"] for row in board["rows"]}
    assert names == {"shared", "shared (single-task)", "soft sharing", "disease alone", "lightgbm", "catboost"}
    means = [row["mean"]["value"] for row in board["rows"][:-1]]
    assert means == sorted(means, reverse=True)
    by_name: dict[str, Any] = {row["candidate"]: row for row in board["rows"]}
    assert {name: row["seeds"] for name, row in by_name.items() if "boost" not in name and "gbm" not in name} == (
        dict.fromkeys(("shared", "shared (single-task)", "soft sharing", "disease alone"), 2)
    )
    assert set(by_name["shared"]["gains"]) == {"lightgbm", "catboost", "twin"}
    assert set(by_name["soft sharing"]["gains"]) == {"first", "lightgbm", "catboost"}
    assert set(by_name["soft sharing"]["gains"]["catboost"]["tasks"]) == {"thal", "disease"}
    assert board["part"] == "valid"
    page = (stage.paths.reports / "compare.html").read_text()
    for words in ("soft sharing", "Over CatBoost", "Over LightGBM", "Gains over its single-task twin, by outcome"):
        assert words in page
    assert "http" not in page
    assert json.loads((stage.paths.reports / "compare.json").read_text()) == board


def test_a_run_of_some_tasks_is_measured_on_these_alone(stage: Study) -> None:
    board = compare.run(stage)
    last = board["rows"][-1]
    assert last["candidate"] == "disease alone"
    assert last["mean"]["value"] is None
    assert set(last["tasks"]) == {"disease"}
    gains = last["gains"]["first"]
    assert set(gains["tasks"]) == {"disease"}
    assert gains["mean"]["value"] == gains["tasks"]["disease"]["value"]
    assert gains["worst"]["task"] == "disease"


def test_seeds_of_a_run_come_before_those_of_the_comparison(stage: Study) -> None:
    candidates = {"own": Candidate(training={"seeds": [7]}), "theirs": Candidate()}
    for seeds, expected in (((0, 1), (0, 1)), ((), stage.settings.training.seeds)):
        changed = stage.settings.model_copy(update={"compare": CompareSettings(seeds=seeds, candidates=candidates)})
        assert settings_of(changed, "own").training.seeds == (7,)
        assert settings_of(changed, "theirs").training.seeds == expected


def test_a_run_starts_from_the_base_unless_it_says_otherwise(stage: Study) -> None:
    base = {"model": {"trunk": {"name": "shared", "widths": [4]}}, "training": {"epochs": 9, "ema": 0.5}}
    candidates = {"from": {"training": {"ema": 0.25}}, "study": {"from_base": False}}
    settings = stage.settings.model_copy(
        update={"compare": CompareSettings.model_validate({"base": base, "candidates": candidates})}
    )
    ours = settings_of(settings, "from")
    assert ours.model.trunk.options == {"widths": [4]}
    assert (ours.training.epochs, ours.training.ema) == (9, 0.25)
    assert ours.model.heads == settings.model.heads
    study = settings_of(settings, "study")
    assert (study.model, study.training) == (settings.model, settings.training)


def test_a_run_of_an_unknown_task_is_refused(stage: Study) -> None:
    candidates = {"odd": Candidate(tasks=("diseas",))}
    with pytest.raises(ValueError, match=r"compare\.candidates\.odd\.tasks: 'diseas' is none of thal, disease"):
        settings_of(stage.settings.model_copy(update={"compare": CompareSettings(candidates=candidates)}), "odd")


def test_a_finished_run_is_not_trained_again_and_a_changed_one_is(stage: Study) -> None:
    compare.run(stage)
    before = files(stage)
    compare.run(stage)
    assert files(stage) == before
    changed = {**stage.settings.compare.candidates, "soft sharing": Candidate(training={"epochs": 2})}
    compare.run(
        stage.with_settings(
            stage.settings.model_copy(update={"compare": CompareSettings(seeds=(0, 1), candidates=changed)})
        )
    )
    after = files(stage)
    assert len(after) == len(before) == 3
    kept = set(before) & set(after)
    assert len(kept) == 2
    assert all(after[name] == before[name] for name in kept)


def test_a_bad_run_is_named(stage: Study) -> None:
    settings: StudySettings = stage.settings.model_copy(
        update={"compare": CompareSettings(candidates={"odd": Candidate(training={"epoch": 2})})}
    )
    with pytest.raises(ValueError, match=r"compare\.candidates\.odd"):
        settings_of(settings, "odd")
    grouped = Candidate(model={"trunk": {"name": "grouped", "groups": [["tahl"]]}})
    settings = stage.settings.model_copy(update={"compare": CompareSettings(candidates={"odd": grouped})})
    with pytest.raises(
        ValueError, match=r"compare\.candidates\.odd\.model\.trunk\.groups: 'tahl' is none of thal, disease"
    ):
        settings_of(settings, "odd")


@pytest.mark.parametrize("study", STUDIES)
def test_every_run_of_params_is_understood(root: Path, study: str) -> None:
    settings = load_settings(root, study)
    for name in settings.compare.candidates:
        assert settings_of(settings, name).compare == settings.compare


def test_methods_lists_every_registry_with_a_line() -> None:
    rows = methods()
    assert {row["kind"] for row in rows} == {"encoder", "trunk", "balancer", "joint", "baseline"}
    assert all(row["line"].endswith(".") and len(row["line"]) > 20 for row in rows), rows
    names = [(row["kind"], row["name"]) for row in rows]
    assert len(set(names)) == len(names)
    assert {
        ("trunk", "shared"),
        ("encoder", "plain"),
        ("balancer", "equal"),
        ("joint", "clustered"),
        ("baseline", "linear"),
    } <= set(names)


def test_baselines_of_another_view_are_fitted_once_and_are_no_run(stage: Study) -> None:
    """The base of the comparison says what the boosters see, on the page as well."""
    plain = compare.run(stage)
    assert plain["view"] == "core"
    assert not (stage.paths.models / "compare" / "references").exists()
    base = CandidateBase(model={"view": "own"})
    other = stage.settings.model_copy(update={"compare": stage.settings.compare.model_copy(update={"base": base})})
    changed = stage.with_settings(other)
    board = compare.run(changed)
    (file,) = (stage.paths.models / "compare" / "references").glob("*.parquet")
    written = file.stat().st_mtime_ns
    assert compare.run(changed) == board
    assert file.stat().st_mtime_ns == written
    assert board["view"] == "own"
    assert {row["candidate"] for row in board["rows"]} == {row["candidate"] for row in plain["rows"]}
    assert "see the own view" in (stage.paths.reports / "compare.html").read_text()
    folder = stage.paths.models / "compare"
    assert train_missing(changed, folder, ["split"]).keys() == other.compare.candidates.keys()
