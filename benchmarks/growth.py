"""How a night grows with its people: processor time and memory from raw tables to the committed score table.

    dvc pull data/raw/nhanes.dvc && dvc repro export@nhanes
    python -m benchmarks.growth [--people 50000 200000 1000000] [--form csv|parquet] [--shuffle]
        [--kind serial|processes|dask] [--workers 2] [--address tcp://host:8786] [--landing]

People are drawn from the sample under fresh keys (`benchmarks.people`). A night is validation with every reason,
features, scores by the exported file, the checks before publishing, and one commit of rejects and scores. The limit is
measured in the same run: every byte read and hashed, Polars reading the same text (or Parquet) with no account of rows,
the products of the file at this core's rate, and the rows written as Parquet.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import multiprocessing.forkserver
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any

from benchmarks.measuring import require, show, study_inputs
from benchmarks.people import STUDY, Form, write_people
from flows.project.machines import MachineSettings, parse_machines

DATE = "2026-01-01"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, nargs="+", default=[50_000, 200_000, 1_000_000])
    parser.add_argument("--form", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--shuffle", action="store_true", help="rows in no order")
    parser.add_argument("--shard", type=int, default=100_000, help="people of a shard")
    parser.add_argument("--kind", default="serial", help="where shards are worked on: serial, processes or dask")
    parser.add_argument("--workers", type=int, help="of processes")
    parser.add_argument("--address", help="of the scheduler of dask")
    parser.add_argument("--landing", action="store_true", help="rows are kept for trainings to come, too")
    parser.add_argument("--folder", type=Path, help="where drops are made and kept; a temporary folder if left out")
    options = parser.parse_args()
    require([study_inputs(STUDY)[0].models / "model.onnx"], f"dvc repro export@{STUDY}")
    named = {"kind": options.kind, "workers": options.workers, "address": options.address}
    machines = parse_machines({key: value for key, value in named.items() if value is not None}, "growth")
    context = multiprocessing.get_context("spawn")
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        for n_people in options.people:
            order = "shuffled" if options.shuffle else "ordered"
            drop = (options.folder or Path(temporary)) / f"{n_people}-{options.form}-{order}"
            if not drop.exists():
                write_people(n_people, drop, form=options.form, shuffle=options.shuffle)
            scratch = Path(temporary) / "scratch"
            with ProcessPoolExecutor(1, context) as pool:  # a process of its own: its highest memory never falls
                night = pool.submit(measure_night, drop, scratch, options.shard, machines, options.landing).result()
            with ProcessPoolExecutor(1, context) as pool:
                limit = pool.submit(measure_limit, drop, options.form, n_people).result()
            rows.append(_row(n_people, drop, night, limit))
    show(
        f"nights of {STUDY}-like people, {options.form}, shards of {options.shard:,} people, "
        f"machines: {', '.join(f'{key} {value}' for key, value in named.items() if value is not None)}",
        ("people", "MB", "CPU s", "s", "CPU s a million", "GiB a process", "limit, s", "share of limit", "parts"),
        rows,
        note="CPU s: of all processes of this command, not of a cluster's; imports aside, but for those of workers; "
        "limit: bytes hashed + text read + products + rows written",
    )


def _row(n_people: int, drop: Path, night: dict[str, Any], limit: dict[str, float]) -> tuple[str, ...]:
    size = sum(path.stat().st_size for path in drop.iterdir()) / 1e6
    total = sum(limit.values())
    return (
        f"{n_people:,}",
        f"{size:,.0f}",
        f"{night['cpu']:.1f}",
        f"{night['seconds']:.1f}",
        f"{night['cpu'] / n_people * 1e6:.1f}",
        f"{night['gib']:.2f}",
        f"{total:.1f}",
        f"{total / night['cpu']:.2f}",
        " + ".join(f"{part:.1f}" for part in limit.values()),
    )


def measure_night(
    drop: Path,
    scratch: Path,
    people: int,
    machines: MachineSettings,
    landing: bool = False,
    model: Path | None = None,
) -> dict[str, float]:
    """Seconds of processor time and of the clock, and the highest memory of a process in GiB.

    Args:
        drop, scratch: the raw tables, and a folder to work in.
        people: of a shard.
        machines: where shards are worked on.
        landing: whether rows are kept for trainings to come.
        model: the file that scores; the study's own if left out.
    """
    from flows.fitting.machines import run_jobs
    from flows.nightly import shard_files, shards
    from flows.nightly.absence import Absence
    from flows.nightly.landing.land import land
    from flows.nightly.publishing import check_scores
    from flows.nightly.score_contract import scores_contract
    from flows.nightly.shard_files import Work
    from flows.project.settings import ShardSettings
    from flows.stores.registry import Champion
    from flows.stores.tables import Tables
    from flows.study.study import Study
    from schemas.sharding.merge import merged
    from schemas.splitting.study import require_sound

    paths, settings = study_inputs(STUDY)
    settings = settings.model_copy(update={"landing": landing})
    file = model or paths.models / "model.onnx"
    version = hashlib.sha256(file.read_bytes()).hexdigest()
    now = datetime.now(UTC)
    study = Study(paths.root, STUDY)
    champion = Champion(version, file, now, "")
    work = Work(paths.root, STUDY, settings, champion, scratch / "staging", DATE, "0" * 16, now, lands=landing)
    work.scorer.tasks, study.contract, study.hidden  # noqa: B018 - what is set up once is not measured
    start, clock = _cpu(), time.perf_counter()
    parting = ShardSettings(people=people, at_once_mb=0)
    plan = shards.plan_drop(study, drop, work.staging, (), parting, machines=machines)
    shards.note_absence(work.staging, Absence())
    shards.note_reference(work.staging, None)  # what watching costs: `python -m benchmarks.watching`
    list(run_jobs(shards.work_on, range(plan.n_shards), work, title="shards", machines=machines))
    counts = shard_files.counts_of(work)
    require_sound(plan.facts([each.facts for each in counts], study.contract), study.contract)
    summary = merged(study.contract, [(each.summary, each.labels) for each in counts])
    tables = Tables.of(scratch / "tables", "delta")
    check_scores(shard_files.scores_of(work), scores_contract(work.scorer.tasks))
    tables.scores.replace(DATE, shard_files.scores_of(work))
    if landing:
        land(work, summary, tables)
    seconds = time.perf_counter() - clock
    cpu = _cpu() - start
    if errors := [each.error for each in counts if each.error]:
        raise errors[0]
    return {"cpu": cpu, "seconds": seconds, "gib": _peak(machines) / 2**20}


def _peak(machines: MachineSettings) -> int:
    """The highest memory of a process in KiB: of this one since it began, or of the workers that have ended.

    What `getrusage` says of a process itself begins with what its parent held when it started it.
    """
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    own = int(status["VmHWM"].split()[0])
    return own if machines.kind == "serial" else max(own, getrusage(RUSAGE_CHILDREN).ru_maxrss)


def _cpu() -> float:
    return _forked() + sum(use.ru_utime + use.ru_stime for use in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))


def _forked() -> float:
    """Of the process that workers are forked from, and of the workers that have ended: they are no children of ours."""
    server: Any = multiprocessing.forkserver._forkserver  # type: ignore[attr-defined]
    if server._forkserver_pid is None:
        return 0.0
    times = Path(f"/proc/{server._forkserver_pid}/stat").read_text().rpartition(")")[2].split()[11:15]
    return sum(map(int, times)) / os.sysconf("SC_CLK_TCK")


def measure_limit(drop: Path, form: Form, n_people: int) -> dict[str, float]:
    """Seconds of processor time of what no night can leave out, by part."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    import numpy as np
    import polars as pl

    from benchmarks.exported import SIDE, operations_of, product
    from mtl_models.data.dataset import to_matrices
    from mtl_models.network.checkpoint import load_network

    paths, _ = study_inputs(STUDY)
    start = time.process_time()
    for path in drop.iterdir():
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    hashed = time.process_time()
    for path in sorted(drop.iterdir()):
        _read(path, form)
    read = time.process_time()
    network = load_network(paths.models / "network.safetensors")
    people = pl.read_parquet(paths.features / "features.parquet")
    operations = operations_of(network, to_matrices(people.head(256), network.spec))
    once = product()
    once()
    began = time.process_time()
    for _ in range(20):
        once()
    rate = 20 * 2 * SIDE**3 / (time.process_time() - began)
    columns = {str(place): np.random.default_rng(place).random(n_people) for place in range(25)}
    frame = pl.DataFrame({"person_id": np.arange(n_people).astype(str), **columns})
    began = time.process_time()
    with tempfile.NamedTemporaryFile() as file:
        frame.write_parquet(file.name, compression="snappy")
    written = time.process_time() - began
    return {
        "hashed": hashed - start,
        "read": read - hashed,
        "products": operations * n_people / rate,
        "written": written,
    }


def _read(path: Path, form: Form) -> None:
    """Read a file in pieces, as Polars does by itself, so that memory stays flat."""
    import polars as pl

    from schemas.sharding.blocks import line_blocks, parquet_slices

    if form == "parquet":
        for _ in parquet_slices(path, list(pl.read_parquet_schema(path)), path.name, path.stem):
            pass
        return
    with path.open() as file:
        names = file.readline().rstrip().split(",")
    for block in line_blocks(path, len(",".join(names)) + 1, 1 << 24):
        pl.read_csv(block, has_header=False, infer_schema=False, schema=dict.fromkeys(names, pl.String))


if __name__ == "__main__":
    main()
