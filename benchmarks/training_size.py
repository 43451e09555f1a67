"""How the stages grow with their people: processor time and peak memory of each, where training is on a stream.

    dvc pull data/raw/nhanes.dvc
    POLARS_MAX_THREADS=1 python -m benchmarks.training_size [--people 100000 1000000] [--form parquet|csv] [--memory]

People are drawn from the NHANES sample under fresh keys (`benchmarks.people`), a tenth of them validate and a tenth
test. Every stage is a process of its own, one epoch is trained, shards are worked on in turn. With `--memory` the
same is done with all people in memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.measuring import require, show
from flows.project.paths import StudyPaths, project_root

STUDY = "nhanes"
STAGES = ("settings", "intake", "validate", "features", "train", "baselines", "evaluate", "export")
STREAM = {"buffer_rows": 65_536, "sample_rows": 20_000, "valid_rows": 20_000, "test_rows": 20_000}
STEP = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--form", choices=("csv", "parquet"), default="parquet")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES, help="those to run, in their order")
    parser.add_argument("--memory", action="store_true", help="all people in memory, too")
    parser.add_argument("--folder", type=Path, help="where people are made; a temporary folder if left out")
    options = parser.parse_args()
    require([StudyPaths(project_root(), STUDY).raw], f"dvc pull data/raw/{STUDY}.dvc")
    rows = []
    for n_people in options.people:
        with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
            root = Path(scratch)
            make(root, n_people, options.form)
            for stream in (STREAM, None) if options.memory else (STREAM,):
                write_params(root, stream)
                for stage in options.stages:
                    cpu, gib = run(["-m", f"flows.stages.{stage}", STUDY], root)
                    way = "a stream" if stream else "memory"
                    rows.append((f"{n_people:,}", way, stage, f"{cpu:.1f}", f"{gib:.2f}"))
                    print(*rows[-1], file=sys.stderr, flush=True)
    show(
        f"stages of {STUDY}-like people, {options.form}, one epoch",
        ("people", "training on", "stage", "CPU s", "GiB at most"),
        rows,
        note="of the stage's process and of those that it waited for",
    )


def make(root: Path, n_people: int, form: str) -> None:
    """A project with so many people as raw tables, and a split file."""
    raw = StudyPaths(root, STUDY).raw
    run(["-m", "benchmarks.people", str(n_people), str(raw), "--form", form], project_root())
    shutil.copytree(project_root() / "presets", root / "presets")
    (root / "dvc.yaml").touch()
    (raw / "splits").mkdir()
    with (raw / "splits" / "split.csv").open("w") as file:
        file.write("SEQN,split\n")
        for start in range(0, n_people, STEP):
            n_rows = min(STEP, n_people - start)
            parts = np.random.default_rng(start).choice(["train", "valid", "test"], n_rows, p=[0.8, 0.1, 0.1])
            file.writelines(f"{start + row:08d},{part}\n" for row, part in enumerate(parts))


def write_params(root: Path, stream: dict[str, int] | None) -> None:
    """The study's settings with one epoch, without a teacher, beside a linear model."""
    params = yaml.safe_load((project_root() / "params.yaml").read_text())
    study: dict[str, Any] = params["studies"][STUDY]
    plain = {"epochs": 1, "batch_size": 1024, "optimizer": "fused_adamw", "seeds": [0], "threads": 1}
    study["training"] = {**plain, **({"stream": stream} if stream else {})}
    study["baselines"] = {"models": ["linear"]}
    study["evaluation"] = {"replicates": 200}
    for block in ("compare", "replay", "gate"):
        study.pop(block, None)
    content = {"studies": {STUDY: study}, "machines": {"kind": "serial"}}
    (root / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def run(arguments: list[str], folder: Path) -> tuple[float, float]:
    """Seconds of processor time of a process, and its highest memory in GiB."""
    path = os.pathsep.join([str(project_root()), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *arguments], cwd=folder, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} gave {process.returncode}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


if __name__ == "__main__":
    main()
