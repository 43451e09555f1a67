"""The few lines that let dvc.yaml call a stage: ``python -m flows.stages.<stage> <study>``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.project.access import apply
from flows.project.errors import is_failure, sentence_of, wants_traceback
from flows.project.paths import StudyPaths, project_root
from flows.project.settings import StudySettings
from flows.study.load import load_settings
from flows.study.naming.rules import Depth


@dataclass(frozen=True)
class Stage:
    """What a stage is given: where files live and the study's settings."""

    paths: StudyPaths
    settings: StudySettings


def run_stage(function: Callable[[Stage], Any], *, depth: Depth = "contract") -> None:
    """Run ``function`` for the study of the command line; an error is one sentence without a value, and status 1.

    ``depth``: how far names of the study's block are looked up before; a stage that imports torch looks up all.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("study", help="name of a block under `studies` in params.yaml")
    study = parser.parse_args().study
    logging.basicConfig(level=logging.WARNING)
    try:
        root = project_root()
        apply(root)
        function(Stage(StudyPaths(root, study), load_settings(root, study, depth=depth)))
    except BaseException as error:  # what a stage prints goes through DVC to the terminal
        if not is_failure(error) or wants_traceback():
            raise
        sys.exit("\n".join(f"{study}: {line}" for line in sentence_of(error).splitlines()))
