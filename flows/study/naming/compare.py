"""Names in the `compare` block: each candidate's model, training, tasks and method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.fitting.names import MODEL, ModelName
from flows.study.naming.parts import component_fault, model_faults, option_faults, repeated, training_faults
from flows.study.naming.tasks import task_names
from mtl_models.baselines import BASELINES
from mtl_models.joint import JOINT
from mtl_models.wording import SettingsError, slug

if TYPE_CHECKING:
    from flows.project.settings import Candidate, StudySettings


def compare_faults(settings: StudySettings, *, options: bool) -> list[str]:
    """What the candidates of the comparison name that there is not; what they share is said once, of the base."""
    faults = repeated(settings.compare.seeds, "compare.seeds")
    own = set(_study_faults(settings, options=options))
    base = [fault for fault in _base_faults(settings, options=options) if fault not in own]
    faults += [f"compare.base.{fault}" for fault in base]
    candidates = settings.compare.candidates
    taken = {MODEL.text, MODEL.twin.text, *BASELINES, *(ModelName(name).twin.text for name in candidates)}
    slugs: dict[str, str] = {}
    for name, candidate in candidates.items():
        where = f"compare.candidates.{name}"
        found = candidate_faults(settings, candidate, options=options)
        faults += [f"{where}.{fault}" for fault in found if fault not in (*own, *base)]
        if name in taken:
            faults.append(f"{where}: this name belongs to what candidates are compared with: choose another")
        if not slug(name):
            faults.append(f"{where}: a candidate's name needs a letter a to z or a digit")
        elif slug(name) in slugs:
            faults.append(f"{where}: its file would have the name of that of {slugs[slug(name)]!r}: choose another")
        slugs.setdefault(slug(name), name)
    return faults


def candidate_faults(settings: StudySettings, candidate: Candidate, *, options: bool) -> list[str]:
    """What one candidate names that there is not."""
    from flows.study.candidates import candidate_task_faults, model_and_training

    faults = []
    if candidate.method is not None:
        faults += component_fault(JOINT, candidate.method, "method")
        faults += option_faults(JOINT, candidate.method, "method") if options else []
    try:
        model, training = model_and_training(settings, candidate)
    except SettingsError as error:
        return [*faults, *error.sentences]
    faults += model_faults(model, "model", options=options) + training_faults(training, "training", options=options)
    return [*faults, *candidate_task_faults(settings, candidate, model, training, task_names(settings))]


def _base_faults(settings: StudySettings, *, options: bool) -> list[str]:
    from flows.project.settings import Candidate

    return candidate_faults(settings, Candidate(), options=options)


def _study_faults(settings: StudySettings, *, options: bool) -> list[str]:
    from flows.project.settings import Candidate

    return candidate_faults(settings, Candidate(from_base=False), options=options)
