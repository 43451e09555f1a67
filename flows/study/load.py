"""A study's settings by its name: its block of params.yaml read, and every name in it looked up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows.project.alerts import parse_alerts
from flows.project.lineage import parse_lineage
from flows.project.machines import parse_machines
from flows.project.settings import FILE, StudySettings, studies_of
from flows.project.storage import parse_storage
from flows.project.yaml_file import YamlFile, read_yaml
from flows.study.block import read_block
from flows.study.naming.rules import Depth, require_study, study_faults
from flows.study.presets import fill_presets
from mtl_models.wording import SettingsError

# stand in for what a block must have, so that one fault does not hide the others
_PLACEHOLDERS: dict[str, Any] = {
    "title": "",
    "population": "",
    "tasks": [],
    "split": {"file": "split.csv", "person": "person", "kind": "fixed"},
    "model": {},
    "training": {},
}


def load_settings(root: Path, study: str, *, depth: Depth = "contract") -> StudySettings:
    """The settings of a study.

    Args:
        root: the project's folder.
        study: name of a block under ``studies``.
        depth: how far names are looked up, see :func:`read_study`.

    Raises:
        SettingsError: with a sentence for every fault of the study's block.
    """
    settings, faults = read_study(root, study, depth=depth)
    if faults or settings is None:
        raise SettingsError(faults)
    return settings


def read_study(root: Path, study: str, *, depth: Depth) -> tuple[StudySettings | None, list[str]]:
    """The settings of what is sound in a study's block, and a sentence for every fault.

    Args:
        root: the project's folder.
        study: name of a block under ``studies``.
        depth: ``block`` looks up what costs nothing: types, tasks, names in the registries, times. ``contract`` looks
            up columns and domains too and imports the study's modules, ``parts`` also options, and imports torch.
    """
    try:
        file = read_yaml(root / FILE, FILE)
        studies = studies_of(file)
        require_study(study, studies, FILE)
    except SettingsError as error:
        return None, list(error.sentences)
    where = f"{FILE}: studies.{study}"
    block, wrong = fill_presets(root, studies[study])
    settings, said, touched = read_block(StudySettings, block, where, _PLACEHOLDERS)
    faults = [*_top_faults(file), *file.faults_in("studies", study), *(f"{where}.{fault}" for fault in wrong), *said]
    if settings is not None:
        faults += study_faults(settings, study, where, depth=depth, skip=touched)
    return settings, list(dict.fromkeys(faults))


def _top_faults(file: YamlFile) -> list[str]:
    """A sentence for every fault of the blocks that hold for all studies."""
    faults: list[str] = []
    blocks: tuple[tuple[str, Callable[[Any, str], object]], ...] = (
        ("machines", parse_machines),
        ("storage", parse_storage),
        ("lineage", parse_lineage),
        ("alerts", parse_alerts),
    )
    for name, parse in blocks:
        try:
            parse(file.content.get(name), FILE)
        except SettingsError as error:
            faults += error.sentences
    return faults
