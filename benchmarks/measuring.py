"""What the benchmarks share: one core, contenders in turns, medians, a table."""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from flows.project.paths import StudyPaths, project_root
from flows.project.settings import StudySettings
from flows.study.load import load_settings

Key = TypeVar("Key")


def one_core() -> None:
    """Keep this process on one core; to be called before any library starts its threads."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-1:])
    os.environ["OMP_NUM_THREADS"] = "1"


def study_inputs(study: str) -> tuple[StudyPaths, StudySettings]:
    """Paths and settings of a study of the checkout that this is run in."""
    root = project_root()
    return StudyPaths(root, study), load_settings(root, study)


def require(files: Iterable[Path], remedy: str) -> None:
    """Stop with one sentence that says what to run first, if a file is missing."""
    if missing := [path for path in files if not path.exists()]:
        sys.exit(f"{missing[0]} is not there: run `{remedy}` first")


def in_turns(
    contenders: Mapping[Key, Callable[[], Any]], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> dict[Key, float]:
    """Median seconds of each contender. They take turns, so that what slows the machine slows them alike."""
    seconds: dict[Key, list[float]] = {name: [] for name in contenders}
    for turn in range(repeats + 1):
        for name, run in contenders.items():
            start = clock()
            run()
            if turn:  # the first turn warms up
                seconds[name].append(clock() - start)
    return {name: statistics.median(each) for name, each in seconds.items()}


def show(title: str, headings: Iterable[str], rows: Iterable[Iterable[str]], note: str = "") -> None:
    """Print a table: words on the left, figures on the right."""
    table = Table(title=title, title_justify="left", caption=note or None, caption_justify="left")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 130).print(table)
    load, cores = os.getloadavg()[0], os.cpu_count()
    print(f"load of the machine in the last minute: {load:.1f} on {cores} cores")
