"""How many fits a night plans, and in which view a comparison's baselines see."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.experiments.compare.fits import plan_references, reference_view
from flows.fitting.names import MODEL
from flows.stages import baselines
from flows.study.candidates import settings_of
from flows.study.load import load_settings


def test_twins_are_fitted_from_as_many_seeds_as_the_params_say(root: Path) -> None:
    settings = load_settings(root, "nhanes")
    twins = [group[0].seed for group in baselines.plan(settings, ["split"]) if group[0].model == MODEL.twin]
    assert twins == list(settings.training.seeds[: settings.baselines.twin_seeds])
    every = settings.baselines.model_copy(update={"twin_seeds": None})
    everywhere = settings.model_copy(update={"baselines": every})
    groups = list(baselines.plan(everywhere, ["split"]))
    assert [group[0].seed for group in groups if group[0].model == MODEL.twin] == list(settings.training.seeds)
    assert {len(group) for group in groups} == {8}


@pytest.mark.parametrize("study", ["nhanes", "heart"])
def test_boosters_are_fitted_from_five_seeds_and_what_is_not_random_from_one(root: Path, study: str) -> None:
    """The study's own and those of its comparison alike; a study of one training seed has five of its boosters too."""
    settings = load_settings(root, study)
    for groups in (baselines.plan(settings, ["split"]), plan_references(settings, ["split"])):
        seeds: dict[str, list[int]] = {}
        for group in groups:
            assert len({job.seed for job in group}) == 1
            seeds.setdefault(group[0].model.text, []).append(group[0].seed)
        assert {model: seeds[model] for model in ("linear", "lightgbm", "catboost")} == {
            "linear": [0],
            "lightgbm": [0, 1, 2, 3, 4],
            "catboost": [0, 1, 2, 3, 4],
        }


def test_a_comparison_in_another_view_has_baselines_of_that_view(root: Path) -> None:
    """Otherwise the candidates would be measured against boosters that see more than they do."""
    settings = load_settings(root, "nhanes")
    assert settings.model.view == "own"
    seen = reference_view(settings)
    assert seen is not None
    assert seen.model.view == "core"
    jobs = [job for group in plan_references(seen, ["split"]) for job in group]
    assert {job.model.text for job in jobs} == {"linear", "lightgbm", "catboost"}
    assert all(job.settings is seen for job in jobs)
    assert reference_view(load_settings(root, "heart")) is None


def test_runs_that_learn_auxiliary_tasks_have_the_core_view(root: Path) -> None:
    settings = load_settings(root, "nhanes")
    named = [name for name, each in settings.compare.candidates.items() if each.auxiliary]
    assert len(named) == 3
    for name in named:
        own = settings_of(settings, name)
        assert own.model.view == "core"
        auxiliary = [task for task in own.task_records if task.role == "auxiliary"]
        assert [task.name for task in auxiliary] == list(settings.compare.candidates[name].auxiliary)
        assert {task.weight for task in auxiliary} == {0.15}
    wrong = settings.compare.candidates[named[0]].model_copy(update={"model": {"view": "own"}})
    changed = settings.model_copy(
        update={
            "compare": settings.compare.model_copy(
                update={"candidates": {**settings.compare.candidates, named[0]: wrong}}
            )
        }
    )
    with pytest.raises(ValueError, match="in the own view other tasks see what these are made of"):
        settings_of(changed, named[0])
