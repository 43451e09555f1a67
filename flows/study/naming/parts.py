"""Parts of the code that a study's block names: encoders, trunks, balancers, joint methods, baselines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flows.fitting.names import MODEL
from mtl_models.baselines import BASELINES, BaselineSettings, require_library
from mtl_models.joint import JOINT
from mtl_models.network.encoders import ENCODERS
from mtl_models.network.trunks import TRUNKS
from mtl_models.settings import Component, ModelSettings, TrainingSettings, parse_settings
from mtl_models.training.balancing import BALANCERS
from mtl_models.wording import SettingsError, unknown

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.registry import Registry


def component_fault(registry: Registry[Any], component: Component, where: str) -> list[str]:
    """A part's name that its registry lacks."""
    return [] if component.name in registry else [f"{where}.name: {unknown(component.name, registry)}"]


def option_faults(registry: Registry[Any], component: Component, where: str) -> list[str]:
    """Options that the part does not understand; its module is imported for that."""
    if component.name not in registry:
        return []
    try:
        options = parse_settings(registry[component.name].Options, component.options, where=where)
    except SettingsError as error:
        return list(error.sentences)
    inner = getattr(options, "trunk", None)
    if not isinstance(inner, Component):
        return []
    plain = [name for name in registry if name != component.name]
    if inner.name not in plain:
        return [f"{where}.trunk.name: {unknown(inner.name, plain)}"]
    return option_faults(registry, inner, f"{where}.trunk")


def model_faults(model: ModelSettings, where: str, *, options: bool) -> list[str]:
    """What a model names that there is not; with ``options``, those of its parts too."""
    faults = []
    for registry, component, what in ((ENCODERS, model.encoder, "encoder"), (TRUNKS, model.trunk, "trunk")):
        faults += component_fault(registry, component, f"{where}.{what}")
        faults += option_faults(registry, component, f"{where}.{what}") if options else []
    return faults


def training_faults(training: TrainingSettings, where: str, *, options: bool) -> list[str]:
    """What a training names that there is not."""
    from flows.study.naming.device import device_fault

    place = f"{where}.balancing"
    faults = component_fault(BALANCERS, training.balancing, place)
    faults += option_faults(BALANCERS, training.balancing, place) if options else []
    if fault := device_fault(training.device):
        faults.append(f"{where}.device: {fault}")
    return faults + repeated(training.seeds, f"{where}.seeds")


def repeated(values: Sequence[object], where: str) -> list[str]:
    """What a list names twice."""
    twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
    return [f"{where}: {twice[0]} is named twice: once is enough"] if twice else []


def teacher_faults(settings: StudySettings, *, options: bool) -> list[str]:
    """What a teacher names that there is not."""
    if settings.training.distillation is None:
        return []
    where = "training.distillation"
    distillation = settings.training.distillation
    faults = [f"{where}.boosters: {unknown(n, BASELINES)}" for n in distillation.boosters if n not in BASELINES]
    faults += repeated(distillation.boosters, f"{where}.boosters")
    for name, record in distillation.booster_settings.items():
        own = getattr(settings.baselines, name, None) if name in BaselineSettings.model_fields else None
        if own is None:
            faults.append(f"{where}.booster_settings: {unknown(name, BaselineSettings.model_fields)}")
            continue
        try:
            parse_settings(type(own), {**own.model_dump(), **record}, where=f"{where}.booster_settings.{name}")
        except SettingsError as error:
            faults += error.sentences
    try:
        model, training = settings.training.teacher(settings.model)
    except SettingsError as error:
        return [*faults, *error.sentences]
    names = [str(record.get("name")) for record in settings.tasks]
    faults += model_faults(model, f"{where}.model", options=options)
    faults += training_faults(training, f"{where}.training", options=options)
    faults += [f"training.distillation.{each}" for each in (*model.task_faults(names), *training.task_faults(names))]
    # what the teacher has from the study's own settings was said of them
    own_faults = {*settings.model.task_faults(names), *settings.training.task_faults(names)}
    own_faults |= {*model_faults(settings.model, "model", options=options)}
    own_faults |= {*training_faults(settings.training, "training", options=options)}
    return [fault for fault in faults if fault.removeprefix(f"{where}.") not in own_faults]


def baseline_faults(settings: StudySettings) -> list[str]:
    """Baselines that there are not, and figures that compare with one."""
    model, known = MODEL.text, [MODEL.twin.text, *BASELINES]
    models = settings.baselines.models
    faults = [f"baselines.models: {unknown(name, known)}" for name in models if name not in known]
    faults += repeated(models, "baselines.models")
    for key in ("model", "twin"):
        name = getattr(settings.evaluation, key)
        if name not in (model, *known):
            faults.append(f"evaluation.{key}: {unknown(name, [model, *known])}")
    return faults


def library_faults(settings: StudySettings) -> list[str]:
    """Baselines and methods whose library is not installed."""
    faults = []
    teachers = settings.training.distillation.boosters if settings.training.distillation else ()
    for place, names in (("baselines.models", settings.baselines.models), ("training.distillation.boosters", teachers)):
        for name in names:
            try:
                require_library(name, load=False)
            except ValueError as error:
                faults.append(f"{place}: {error}")
    for name, candidate in settings.compare.candidates.items():
        if candidate.method is not None and candidate.method.name in JOINT:
            try:
                JOINT[candidate.method.name].require()
            except ValueError as error:
                faults.append(f"compare.candidates.{name}.method: {error}")
    return faults
