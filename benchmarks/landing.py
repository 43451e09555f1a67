"""Landing: processor time and peak memory of a drop that lands, of giving it to DVC, and of a look with nothing new.

    dvc pull data/raw/nhanes.dvc
    POLARS_MAX_THREADS=1 python -m benchmarks.landing [PEOPLE ...]

The drop is NHANES-like (`benchmarks.people`), validated and landed in a folder of its own without anybody being scored.
Each step is a process of its own, on one core. What landing costs beside a whole night that scores:
`python -m benchmarks.growth --people 200000`, and again with `--landing`.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.measuring import one_core, require, show, study_inputs
from benchmarks.people import write_people

STUDY, DATE = "nhanes", "2026-01-01"
STEPS = ("land", "export", "look", "without")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("people", type=int, nargs="*", default=[20_000, 200_000])
    parser.add_argument("--step", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        sys.stdout.write(json.dumps(measured(options.step, options.root)))
        return
    paths = study_inputs(STUDY)[0]
    require([paths.raw], f"dvc pull data/raw/{STUDY}.dvc")
    rows = []
    for people in options.people:
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            for name in ("params.yaml", "presets", f"data/raw/{STUDY}"):
                copy = shutil.copytree if (paths.root / name).is_dir() else shutil.copyfile
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                copy(paths.root / name, root / name)
            with (root / "params.yaml").open("a") as params:
                params.write("\nmachines: {kind: serial}\n")
            write_people(people, root / "data" / "inbox" / STUDY / DATE)
            for step in STEPS:
                found = json.loads(_run(step, root))
                figures = (f"{found['cpu']:.1f}", f"{found['seconds']:.1f}", f"{found['mib']:,.0f}")
                rows.append((f"{people:,} people: {found['words']}", *figures))
    show("landing a drop", ("step", "CPU s", "s", "peak MiB"), rows)


def _run(step: str, root: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.landing", "--step", step, "--root", str(root)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[-1]


def measured(step: str, root: Path) -> dict[str, object]:
    """Run one step in this process."""
    one_core()
    from flows.nightly.landing.alone import land_alone
    from flows.nightly.landing.export import export_landed
    from flows.nightly.looked import validate_folder
    from flows.project.identity import code_digest
    from flows.study.study import Study

    study = Study(root, STUDY)
    later = (dt.date.fromisoformat(DATE) + dt.timedelta(days=1)).isoformat()
    steps: dict[str, tuple[str, Callable[[], object]]] = {
        "land": ("validate and land", lambda: land_alone(study, DATE)),
        "export": ("give to DVC what landed", lambda: export_landed(study, DATE)),
        "look": ("see that nothing new landed", lambda: export_landed(study, later)),
        "without": ("validate alone", lambda: validate_folder(study, study.inbox / DATE, scoring=True, rejects=None)),
    }
    words, run = steps[step]
    _ = study.settings, study.contract
    code_digest("flows.nightly.landing.alone", study=STUDY)  # once a process, whatever it does
    start, cpu = time.perf_counter(), time.process_time()
    run()
    used, seconds = time.process_time() - cpu, time.perf_counter() - start
    return {
        "words": words,
        "cpu": used,
        "seconds": seconds,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    main()
