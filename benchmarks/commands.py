"""Seconds of processor time that the commands of a trained study cost, beside what importing their libraries costs.

    mtl-health nightly --study heart
    python -m benchmarks.commands [--study heart] [--repeats 5]

The date is today's, in the study's time zone. A command's children count with it.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from resource import RUSAGE_CHILDREN, getrusage

from benchmarks.measuring import require, show, study_inputs
from flows.project.dates import date_or_today

LIBRARIES = "import polars, typer, pydantic"
LOOKS, IDLE = ("champion", "report", "tonight", "history"), ("score", "retrain", "nightly")
LIMITS = {**dict.fromkeys(LOOKS, 0.5), **dict.fromkeys((f"{name}, nothing to do" for name in IDLE), 1.5)}
"""Seconds for a command."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="heart")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    paths, settings = study_inputs(options.study)
    require([paths.tables / "scores", paths.reports / "evaluation.json"], f"mtl-health nightly --study {options.study}")
    date = date_or_today(None, settings.schedule.timezone)
    study = ["-m", "flows.cli", "{}", "--study", options.study]
    commands = {name: [part.format(name) for part in study] for name in ("champion", "report", "history")}
    commands["tonight"] = [*(part.format("tonight") for part in study), "--date", date]
    commands["score, nothing to do"] = [*(part.format("score") for part in study), "--date", date]
    commands["retrain, nothing to do"] = [part.format("retrain") for part in study]
    commands["nightly, nothing to do"] = [*(part.format("nightly") for part in study), "--date", date]
    commands["check"] = ["-m", "flows.cli", "check", options.study]
    seconds = medians({LIBRARIES: ["-c", LIBRARIES], **commands}, options.repeats)
    show(
        f"commands on {options.study}",
        ("command", "seconds of processor time", "against the import", "limit"),
        (
            (name, f"{taken:.2f}", f"{taken / seconds[LIBRARIES]:.1f}", verdict(name, taken))
            for name, taken in seconds.items()
        ),
        note=f"medians of {options.repeats} turns",
    )


def medians(commands: Mapping[str, Sequence[str]], repeats: int) -> dict[str, float]:
    """Median seconds of processor time of each command, in turns, after one turn that warms up."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(repeats + 1):
        for name, command in commands.items():
            before = processor_seconds()
            if subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=False).returncode:
                sys.exit(f"{name} failed")
            if turn:
                taken[name].append(processor_seconds() - before)
    return {name: statistics.median(each) for name, each in taken.items()}


def processor_seconds() -> float:
    """What all ended children of this process have used so far."""
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def verdict(name: str, taken: float) -> str:
    """Whether a command keeps its limit, where it has one."""
    if name not in LIMITS:
        return ""
    return f"{LIMITS[name]:g} s: {'kept' if taken <= LIMITS[name] else 'broken'}"


if __name__ == "__main__":
    main()
