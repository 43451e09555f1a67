"""Tasks that a study's block describes, and the places that name one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from flows.project.gate_settings import MEAN
from mtl_models.data.tasks import Task, task_faults
from mtl_models.kinds import KINDS
from mtl_models.wording import unknown

if TYPE_CHECKING:
    from flows.project.settings import StudySettings


def record_faults(settings: StudySettings, *, every_task: bool = True) -> tuple[list[str], list[Task]]:
    """Faults of the task records, and the tasks whose records are sound; ``every_task``: whether all are here."""
    faults: list[str] = []
    sound: list[Task] = []
    names: list[str] = []
    for key, records in (("tasks", settings.tasks), ("auxiliary", settings.auxiliary)):
        for index, record in enumerate(records):
            name = str(record.get("name", index))
            found = [f"{key}.{name}.{fault}" for fault in task_faults(record)]
            if key == "auxiliary" and record.get("role", "auxiliary") != "auxiliary":
                found.append(f"{key}.{name}.role: must be auxiliary, or the task stands under `tasks`")
            if name in names:
                found.append(f"{key}.{name}.name: {name!r} is the name of two tasks: give each its own")
            names.append(name)
            faults += found
            if not found:
                sound.append(Task.from_dict({"role": "auxiliary", **record} if key == "auxiliary" else record))
    if every_task and not any(record.get("role", "main") == "main" for record in settings.tasks):
        faults.append("tasks: must hold at least one main task")
    return faults, sound


def task_names(settings: StudySettings, key: str = "tasks") -> list[str]:
    """Names of the tasks under a key, sound or not."""
    records: Iterable[Mapping[str, Any]] = getattr(settings, key)
    return [str(record.get("name", index)) for index, record in enumerate(records)]


def named_task_faults(settings: StudySettings) -> list[str]:
    """Places outside `compare` that name a task which the study lacks."""
    names = task_names(settings)
    near = [f"near: {unknown(name, names)}" for name in settings.near if name not in names]
    near += [
        f"near.{task}: {name} needs a sentence: why is it shown?"
        for task, named in settings.near.items()
        for name, why in named.items()
        if not why.strip()
    ]
    return [*settings.model.task_faults(names), *settings.training.task_faults(names), *near]


def metric_faults(settings: StudySettings) -> list[str]:
    """Limits of figures for a task that there is not, or in a metric that its kind has not."""
    faults, names = [], task_names(settings)
    kinds = {name: record.get("kind") for name, record in zip(names, settings.tasks, strict=True)}
    for place, limits in (("evaluation.too_good", settings.evaluation.too_good), ("gate.floors", settings.gate.floors)):
        for name, figures in limits.items():
            if name not in names:
                faults.append(f"{place}: {unknown(name, names)}")
            elif (kind := kinds[name]) in KINDS:
                known = [metric.name for metric in KINDS[str(kind)].metrics]
                faults += [f"{place}.{name}: {unknown(each, known)}" for each in figures if each not in known]
    known = [*names, MEAN]
    return faults + [f"gate.seed_sd: {unknown(name, known)}" for name in settings.gate.seed_sd if name not in known]
