"""A candidate of a comparison: the study's settings with its own in their place."""

from __future__ import annotations

from typing import Any

from flows.project.settings import Candidate, CandidateBase, StudySettings
from mtl_models.joint import JOINT
from mtl_models.settings import Component, ModelSettings, TrainingSettings, parse_settings
from mtl_models.wording import SettingsError, unknown


def settings_of(settings: StudySettings, name: str) -> StudySettings:
    """The study's settings with those of a candidate of the comparison in their place.

    A part of ``model`` (encoder, trunk, heads, preprocess) is replaced whole, ``training`` key by key; ``tasks`` are
    those that the candidate names, in the study's order.

    Raises:
        SettingsError: naming the candidate, for every key or value that no part understands.
    """
    change, where = settings.compare.candidates[name], f"params.yaml: compare.candidates.{name}"
    try:
        model, training = model_and_training(settings, change)
    except SettingsError as error:
        raise SettingsError(f"{where}.{fault}" for fault in error.sentences) from None
    names = [task.name for task in settings.task_records]
    if faults := candidate_task_faults(settings, change, model, training, names):
        raise SettingsError(f"{where}.{fault}" for fault in faults)
    known = {task.name: task.to_dict() for task in settings.further_tasks}
    kept = [task for task in settings.tasks if not change.tasks or task["name"] in change.tasks]
    kept += [known[name] for name in change.auxiliary]
    # validated anew: a copy would keep the task records that the study's own settings have made of all tasks
    return StudySettings.model_validate({**settings.model_dump(), "model": model, "training": training, "tasks": kept})


def model_and_training(settings: StudySettings, change: Candidate) -> tuple[ModelSettings, TrainingSettings]:
    """The model and the training of a candidate.

    Raises:
        SettingsError: for every key or value that no part understands.
    """
    base = settings.compare.base if change.from_base else CandidateBase()
    seeds = {"seeds": settings.compare.seeds} if settings.compare.seeds else {}
    records: dict[str, tuple[Any, dict[str, Any]]] = {
        "model": (ModelSettings, {**settings.model.model_dump(), **base.model, **change.model}),
        "training": (
            TrainingSettings,
            {**settings.training.model_dump(), **base.training, **seeds, **change.training},
        ),
    }
    parsed: dict[str, Any] = {}
    faults: list[str] = []
    for key, (kind, record) in records.items():
        try:
            parsed[key] = parse_settings(kind, record, where=key)
        except SettingsError as error:
            faults += error.sentences
    if faults:
        raise SettingsError(faults)
    return parsed["model"], parsed["training"]


def candidate_task_faults(
    settings: StudySettings, change: Candidate, model: ModelSettings, training: TrainingSettings, names: list[str]
) -> list[str]:
    """Tasks that it names and the study, whose tasks are ``names``, has not, or that it cannot learn in its view."""
    further = [str(task.get("name", "?")) for task in settings.auxiliary]
    faults = [*model.task_faults([*names, *change.auxiliary]), *training.task_faults([*names, *change.auxiliary])]
    faults += [f"tasks: {unknown(name, names, what='task')}" for name in change.tasks if name not in names]
    faults += [f"auxiliary: {unknown(name, further, what='task')}" for name in change.auxiliary if name not in further]
    if change.auxiliary and model.view != "core":
        faults.append("auxiliary: in the own view other tasks see what these are made of: use view: core")
    return faults


def method_of(settings: StudySettings, name: str) -> Component | None:
    """The joint model that a candidate of the comparison fits instead of a network, if it does.

    Raises:
        SettingsError: naming the candidate, for a method that there is not, or options that it does not understand.
    """
    method, where = settings.compare.candidates[name].method, f"params.yaml: compare.candidates.{name}.method"
    if method is None:
        return None
    if method.name not in JOINT:
        raise SettingsError([f"{where}.name: {unknown(method.name, JOINT)}"])
    parse_settings(JOINT[method.name].Options, method.options, where=where)
    return method
