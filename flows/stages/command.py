"""The few lines that let dvc.yaml call a stage: ``python -m flows.stages.<stage> <study>``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flows.errors import is_failure, sentence_of
from flows.paths import StudyPaths, project_root
from flows.settings import StudySettings, load_settings


@dataclass(frozen=True)
class Stage:
    """What a stage is given: where files live and the study's settings."""

    paths: StudyPaths
    settings: StudySettings


def run_stage(function: Callable[[Stage], Any]) -> None:
    """Run ``function`` for the study of the command line; an error is one sentence without a value, and status 1."""
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("study", help="name of a block under `studies` in params.yaml")
    study = parser.parse_args().study
    logging.basicConfig(level=logging.WARNING)
    try:
        root = project_root()
        function(Stage(StudyPaths(root, study), load_settings(root, study)))
    except BaseException as error:  # what a stage prints goes through DVC to the terminal
        if not is_failure(error):
            raise
        sys.exit(f"{study}: {sentence_of(error)}")
