"""What a result depends on, hashed from contents: files, the code that is really used, the settings that decide it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.project.hashing import digest, sha256
from flows.project.imports import ROOT, sources

if TYPE_CHECKING:
    from flows.project.settings import StudySettings

SETTLED: dict[str, dict[str, Any]] = {
    "validate": dict.fromkeys(("validation", "split"), True),
    "features": {**dict.fromkeys(("tasks", "auxiliary", "known_later", "split"), True), "training": {"stream"}},
    "train": dict.fromkeys(("tasks", "model", "training"), True),
    "baselines": dict.fromkeys(("tasks", "model", "training", "baselines"), True),
    "evaluate": dict.fromkeys(
        (
            "title",
            "population",
            "moment",
            "known_later",
            "near",
            "tasks",
            "model",
            "training",
            "baselines",
            "evaluation",
            "card",
        ),
        True,
    )
    | {"gate": {"subgroups"}},
    "export": dict.fromkeys(("title", "population", "tasks", "known_later", "model", "training"), True),
    "compare": dict.fromkeys(
        ("title", "tasks", "auxiliary", "known_later", "model", "training", "baselines", "evaluation", "compare"), True
    ),
    "groups": dict.fromkeys(
        ("title", "tasks", "auxiliary", "known_later", "model", "training", "baselines", "evaluation", "compare"), True
    ),
    "sweep": dict.fromkeys(("tasks",), True),
    # no stages: one run of a comparison by a joint model, its baselines, and a night's scores
    "joint": {"tasks": True, "model": {"view", "domains"}},
    "references": {"tasks": True, "model": {"view", "domains"}, "training": {"seeds"}, "baselines": True},
    "score": dict.fromkeys(("tasks", "known_later", "validation", "split", "landing", "absence"), True),
}
"""The blocks of a study's settings that decide a result, or the keys of a block; nothing else may be read for it."""


def code_digest(*modules: str, study: str | None = None, root: Path = ROOT) -> str:
    """Hash of the modules' sources and of all of ours that they import; in any folder the same.

    Args:
        study: whose contract and features count where they are found by name.
    """
    return digest({path.as_posix(): sha256(root / path) for path in sources(modules, study, root=root)})


def decisive(settings: StudySettings, result: str) -> dict[str, Any]:
    """The settings that decide a result, such as what a stage leaves, with every default filled in."""
    included = dict(SETTLED[result])
    taught = settings.training.distillation
    if taught and included.get("training") is True and "baselines" not in included:
        # a teacher's boosters are the study's baselines
        included["baselines"] = set(taught.boosters)
    found = settings.model_dump(mode="json", include=included)
    return {block: keys for block, keys in found.items() if keys or block != "training"}
