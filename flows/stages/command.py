"""The few lines that let dvc.yaml call a stage: ``python -m flows.stages.<stage> <study>``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable
from typing import Any

from flows.project.access import apply
from flows.project.errors import is_failure, sentence_of, wants_traceback
from flows.project.paths import project_root
from flows.project.processes import end_at_once
from flows.study.naming.rules import Depth
from flows.study.study import Study


def run_stage(function: Callable[[Study], Any], *, depth: Depth = "contract") -> None:
    """Run ``function`` for the study of the command line; an error is one sentence without a value, and status 1.

    ``depth``: how far names of the study's block are looked up before; a stage that imports torch looks up all.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("study", help="name of a block under `studies` in params.yaml")
    name = parser.parse_args().study
    end_at_once()
    logging.basicConfig(level=logging.WARNING)
    try:
        root = project_root()
        apply(root)
        study = Study(root, name, depth)
        _ = study.settings  # what its block has wrong is said before anything runs
        function(study)
    except BaseException as error:  # what a stage prints goes through DVC to the terminal
        if not is_failure(error) or wants_traceback():
            raise
        sys.exit("\n".join(f"{name}: {line}" for line in sentence_of(error).splitlines()))
