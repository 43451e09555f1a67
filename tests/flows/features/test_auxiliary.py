"""Auxiliary tasks have no single-task twin and no baseline."""

from __future__ import annotations

from pathlib import Path

from flows.project.settings import StudySettings
from flows.stages.baselines import plan
from flows.study.load import load_settings

ROOT = Path(__file__).parents[3]


def test_no_twin_and_no_baseline_is_fitted_for_an_auxiliary_task() -> None:
    settings = load_settings(ROOT, "heart")
    hint = {"name": "pressure", "kind": "regression", "columns": ["cleveland.trestbps"], "role": "auxiliary"}
    extended = StudySettings.model_validate({**settings.model_dump(), "tasks": [*settings.tasks, hint]})
    assert [task.name for task in extended.task_records][-1] == "pressure"
    groups = list(plan(extended, ["r0f0"]))
    assert groups
    assert all([task.name for job in group for task in job.tasks] == ["thal", "disease"] for group in groups)
    assert all(len(job.tasks) == 1 for group in groups for job in group)
