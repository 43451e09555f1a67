"""Stage: the settings that decide each stage's result, presets resolved and defaults filled in."""

from __future__ import annotations

from typing import Any

from flows.project.identity import SETTLED, decisive
from flows.project.imports import STUDY_PACKAGES
from flows.project.paths import write_json
from flows.stages.command import run_stage
from flows.study.study import Study

STAGES = tuple(name for name in SETTLED if name not in ("joint", "references", "score"))


def run(study: Study) -> dict[str, Any]:
    """The stage on the study's block of params.yaml: a file a stage, so that a stage depends on its own keys alone.

    Raises:
        ValueError: for a study whose code is not in packages of its own, which DVC follows as folders.
    """
    paths = study.paths
    for place in STUDY_PACKAGES:
        package = f"{place.replace('.', '/')}/{study.name}"
        if (paths.root / f"{package}.py").is_file():
            raise ValueError(f"{package}.py is a module: make it {package}/__init__.py, a folder that DVC follows")
    for name in STAGES:
        write_json(paths.settings / f"{name}.json", decisive(study.settings, name))
    return {"n_stages": len(STAGES)}


if __name__ == "__main__":
    # the first of all stages: what the block names is looked up here, before anything runs
    run_stage(run, depth="parts")
