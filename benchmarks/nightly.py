"""Seconds and peak memory of a whole night, and of a `dvc repro` with nothing to do, against the limits.

    python -m benchmarks.nightly [--study nhanes]

Runs the commands of `make nightly` that come after installation, one by one, in a fresh clone of the last commit in a
temporary folder, then `dvc repro` for the other studies, then `dvc repro` again.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import show
from flows.project.paths import project_root

NIGHT_SECONDS, NIGHT_GIB, IDLE_SECONDS = 180.0, 2.0, 6.0


@dataclass(frozen=True)
class Cost:
    """What a command took: ``largest`` is its largest process, ``together`` all of its processes (sampled), in GiB."""

    command: str
    seconds: float
    largest: float
    together: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--study", default="nhanes")
    study = parser.parse_args().study
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(project_root()), str(clone)], check=True)
        night = [run(command, clone) for command in commands_of_make(clone, study)]
        rest, idle = run("-m dvc repro", clone), run("-m dvc repro", clone)
        run("-m dvc status --quiet dvc.yaml", clone)  # ends this if anything was left to do
    seconds = sum(cost.seconds for cost in night)
    gib = max(cost.together for cost in night)
    rows = [(c.command, f"{c.seconds:.1f}", f"{c.largest:.2f}", f"{c.together:.2f}", "") for c in night]
    verdict = f"{NIGHT_SECONDS:g} s, {NIGHT_GIB:g} GiB: {_kept(seconds <= NIGHT_SECONDS and gib <= NIGHT_GIB)}"
    largest = max(cost.largest for cost in night)
    rows.append(("make nightly, together", f"{seconds:.1f}", f"{largest:.2f}", f"{gib:.2f}", verdict))
    for name, cost, limit in (
        ("dvc repro, what is left", rest, ""),
        ("dvc repro, nothing to do", idle, f"{IDLE_SECONDS:g} s: {_kept(idle.seconds <= IDLE_SECONDS)}"),
    ):
        rows.append((name, f"{cost.seconds:.1f}", f"{cost.largest:.2f}", f"{cost.together:.2f}", limit))
    show(
        f"one night of {study} in a fresh clone",
        ("command", "seconds", "GiB, largest process", "GiB, all processes", "limit"),
        rows,
        note="all processes: shared pages counted once (PSS), sampled five times a second",
    )


def _kept(kept: bool) -> str:
    return "kept" if kept else "broken"


def commands_of_make(clone: Path, study: str) -> list[str]:
    """The commands of `make nightly` in a checkout whose installation is done."""
    done = clone / ".venv" / "installed"
    done.parent.mkdir()
    done.touch()
    listed = subprocess.run(
        ["make", "--dry-run", "nightly", f"STUDY={study}"], cwd=clone, check=True, capture_output=True, text=True
    )
    python = ".venv/bin/python "
    return [line.removeprefix(python) for line in listed.stdout.splitlines() if line.startswith(f"{python}-m flows.")]


def run(command: str, clone: Path) -> Cost:
    """Run a module with this interpreter in ``clone``, given as ``-m module ...``; stops here if it fails."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MTL_HEALTH_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *shlex.split(command)],
        cwd=clone,
        env={**own, "PYTHONPATH": str(clone), "PATH": path, "DO_NOT_TRACK": "1"},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    peak, ended = [0], threading.Event()
    watcher = threading.Thread(target=_watch, args=(process.pid, peak, ended))
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    ended.set()
    watcher.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} gave {process.returncode}")
    print(f"{command}: {seconds:.1f} s", flush=True)
    return Cost(command, seconds, usage.ru_maxrss / 2**20, peak[0] / 2**20)


def _watch(session: int, peak: list[int], ended: threading.Event) -> None:
    """Keep in ``peak`` the highest memory, in KiB, of all processes of a session."""
    while not ended.wait(0.2):
        peak[0] = max(peak[0], sum(_kib(process, session) for process in Path("/proc").iterdir()))


def _kib(process: Path, session: int) -> int:
    try:
        after_name = (process / "stat").read_text().rpartition(")")[2].split()
        if int(after_name[3]) != session:
            return 0
        rollup = (process / "smaps_rollup").read_text()
    except (OSError, IndexError):  # not a process, or one that has just ended
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    main()
