"""All rules of a study's block together, and the names that a study may have."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Literal

from flows.study.naming.columns import column_faults
from flows.study.naming.compare import compare_faults
from flows.study.naming.domains import domain_faults, own_domain_faults
from flows.study.naming.parts import baseline_faults, library_faults, model_faults, teacher_faults, training_faults
from flows.study.naming.tasks import metric_faults, named_task_faults, record_faults, task_names
from flows.study.naming.when import schedule_faults
from mtl_models.wording import SettingsError, nearest, unknown

if TYPE_CHECKING:
    from flows.project.settings import StudySettings
    from mtl_models.data.tasks import Task

Depth = Literal["block", "contract", "parts"]
_NAME = re.compile(r"[a-z][a-z0-9_]*")
FORM = "small letters, digits and underscores, a letter first, and no word of Python's own"


def is_study_name(name: object) -> bool:
    """Whether a study can be called that: two modules, folders, DVC's stages and Prefect's deployments are."""
    return isinstance(name, str) and _NAME.fullmatch(name) is not None and not keyword.iskeyword(name)


def require_study(study: str, studies: Mapping[Any, Any], file: str) -> None:
    """Check that a file has a study of that name, and that it can be called so.

    Raises:
        SettingsError: with one sentence.
    """
    if study not in studies:
        names, near = ", ".join(map(str, studies)), nearest(study, map(str, studies))
        raise SettingsError(
            [f"{file} has no study {study!r}; it has {names}" + (f"; the nearest is {near!r}" if near else "")]
        )
    if not is_study_name(study):
        raise SettingsError([f"{file}: studies.{study}: a study's name has {FORM}"])
    if not isinstance(studies[study], Mapping):
        raise SettingsError([f"{file}: studies.{study}: must be a block of keys"])


def study_faults(
    settings: StudySettings, study: str, where: str, *, depth: Depth, skip: Collection[str] = ()
) -> list[str]:
    """A sentence for every name of a study's block that does not resolve.

    Args:
        settings: what is sound in the block.
        study: its name.
        where: the place of the block in its file.
        depth: see :func:`flows.study.load.read_study`.
        skip: keys of the block in which a fault was said already. What was at fault is not in ``settings``, so that
            nobody can say that a task named elsewhere is none.
    """
    options = depth == "parts"
    every_task = not {"tasks", "auxiliary"} & set(skip)
    faults, sound = record_faults(settings, every_task=every_task)
    faults += named_task_faults(settings) if every_task else []
    faults += model_faults(settings.model, "model", options=options)
    faults += training_faults(settings.training, "training", options=options)
    faults += teacher_faults(settings, options=options)
    faults += baseline_faults(settings) + schedule_faults(settings) + _store_faults(settings)
    faults += metric_faults(settings) if every_task else []
    faults += compare_faults(settings, options=options) if every_task else []
    code: list[str] = []
    if depth != "block":
        named, code = _code_faults(settings, study, sound, every_task=every_task)
        faults += named
    faults += library_faults(settings) if options else []
    return list(dict.fromkeys([*(f"{where}.{fault}" for fault in faults), *code]))


def _store_faults(settings: StudySettings) -> list[str]:
    from flows.stores.store import STORES

    return [] if settings.store in STORES else [f"store: {unknown(settings.store, STORES)}"]


def _code_faults(
    settings: StudySettings, study: str, sound: Collection[Task], *, every_task: bool
) -> tuple[list[str], list[str]]:
    """Names that the study's own code lacks, and what is wrong in that code, which is no key's fault."""
    from flows.features.lookup import study_features
    from schemas.contract import load_contract

    faults: list[str] = []
    names = [name for key in ("tasks", "auxiliary") for name in task_names(settings, key)]
    try:
        all_sound = every_task and len(sound) == len(names)
        faults += column_faults(settings, sound, load_contract(study), every_task=all_sound)
        features = study_features(study)
        faults += domain_faults(settings, [*features.domains, *features.own])
    except ValueError as error:
        return faults, [str(error)]
    return faults, list(own_domain_faults(features, names, study)) if every_task else []
