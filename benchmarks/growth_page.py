"""The page of growth: what a night costs as its people, tables, outcomes and shards grow, measured and drawn.

    dvc pull data/raw/nhanes.dvc && dvc repro export@nhanes
    POLARS_MAX_THREADS=1 python -m benchmarks.growth_page [--most 1000000]

It writes docs/growth.md and docs/images/growth.svg. One thing grows at a time, from a base of 200,000 people, all
tables, all outcomes and shards of 100,000 people; each night runs in a process of its own, on one thread. Fewer tables
is a drop that lacks the others; fewer outcomes is an untrained network of the study's shape: it costs as much.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.growth import measure_night
from benchmarks.measuring import require, study_inputs
from benchmarks.people import STUDY, write_people
from flows.project.machines import SERIAL
from flows.project.paths import project_root, replace_file

BASE, SHARD = 200_000, 100_000
PEOPLE, SHARDS, TABLES, TASKS = (50_000, 200_000, 1_000_000), (25_000, 50_000, 100_000, 200_000), (8, 16), (1, 4)


@dataclass(frozen=True)
class Night:
    """A night to measure, and what it cost.

    Attributes:
        grows: what differs from the base.
        size: how much there is of it.
        people: of the drop.
        seconds: of processor time.
        gib: highest memory of a process.
    """

    grows: str
    size: int
    people: int
    seconds: float
    gib: float

    @property
    def a_million(self) -> float:
        """Seconds for a million people."""
        return self.seconds / self.people * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=PEOPLE[-1], help="people of the largest night")
    options = parser.parse_args()
    paths, _ = study_inputs(STUDY)
    require([paths.models / "model.onnx", paths.features / "features.parquet"], f"dvc repro export@{STUDY}")
    root = project_root()
    with tempfile.TemporaryDirectory() as temporary:
        nights = list(_measured(Path(temporary), [n for n in PEOPLE if n <= options.most]))
    replace_file(root / "docs/images/growth.svg", partial(_write, text=drawn(nights)))
    replace_file(root / "docs/growth.md", partial(_write, text=page(nights)))
    print(page(nights))


def _write(path: Path, text: str) -> None:
    path.write_text(text)


def _measured(folder: Path, people: Sequence[int]) -> Iterator[Night]:
    drops = {n: folder / str(n) for n in {*people, BASE}}
    for n, drop in drops.items():
        write_people(n, drop)
    base = _night(folder, drops[BASE])
    tables = _tables_by_size(drops[BASE])
    n_tasks = _n_tasks()
    for n in people:
        yield _of("people", n, n, base if n == BASE else _night(folder, drops[n]))
    for n in TABLES:
        yield _of("tables", n, BASE, _night(folder, _with_tables(drops[BASE], folder / "fewer", tables[:n])))
    yield _of("tables", len(tables), BASE, base)
    for n in TASKS:
        yield _of("outcomes", n, BASE, _night(folder, drops[BASE], model=_network_of(n, folder / f"{n}.onnx")))
    yield _of("outcomes", n_tasks, BASE, base)
    for n in SHARDS:
        yield _of("people of a shard", n, BASE, base if n == SHARD else _night(folder, drops[BASE], shard=n))


def _of(grows: str, size: int, people: int, cost: Mapping[str, float]) -> Night:
    return Night(grows, size, people, cost["cpu"], cost["gib"])


def _night(folder: Path, drop: Path, *, shard: int = SHARD, model: Path | None = None) -> dict[str, float]:
    scratch = folder / "scratch"
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        cost = pool.submit(measure_night, drop, scratch, shard, SERIAL, model=model).result()
    shutil.rmtree(scratch)
    return cost


def _tables_by_size(drop: Path) -> list[str]:
    """The files of a drop, those without which nobody can be scored first, then the largest first."""
    from flows.nightly.absence import needed_tables
    from flows.study.study import Study

    needed = needed_tables(Study(project_root(), STUDY))
    sizes = {path.name: (path.stem not in needed, -path.stat().st_size) for path in drop.iterdir()}
    return sorted(sizes, key=sizes.__getitem__)


def _with_tables(drop: Path, folder: Path, names: Sequence[str]) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in names:
        os.link(drop / name, folder / name)
    return folder


def _n_tasks() -> int:
    return len(study_inputs(STUDY)[1].tasks)


def _network_of(n_tasks: int, path: Path) -> Path:
    """An untrained network of the study's shape for its first outcomes."""
    import numpy as np

    from flows.fitting.jobs import in_view
    from mtl_models.data.dataset import read_dataset
    from mtl_models.data.layout import plan_layout
    from mtl_models.network.network import Network
    from mtl_models.serving.export import export_onnx
    from mtl_models.training.reproducible import reproducible

    paths, settings = study_inputs(STUDY)
    tasks = [task for task in settings.task_records if task.role == "main"][:n_tasks]
    dataset, spec, _ = read_dataset(paths.features, settings.task_records)
    dataset, spec = in_view(dataset, spec, settings, tasks)
    with reproducible(0, 1):
        network = Network(spec, tasks, settings.model, plan_layout(spec, dataset.inputs))
        network.fit_statistics(dataset)
    export_onnx(network, path, metadata={}, check=dataset.take(np.arange(256)))
    return path


def page(nights: Sequence[Night]) -> str:
    """The page as Markdown."""
    lines = [
        "# How a night grows",
        "",
        "Written by `POLARS_MAX_THREADS=1 python -m benchmarks.growth_page`: NHANES-like people in CSV, from raw files",
        "to the committed score table, one process of one thread. One thing grows at a time, from "
        f"{BASE:,} people, all",
        f"tables, all outcomes and shards of {SHARD:,} people. Memory is the highest of a process.",
        "",
        "![Processor time for a million people, and memory, as people, tables, outcomes and shards grow]"
        "(images/growth.svg)",
        "",
        "| what grows | to | seconds of processor time | for a million people | GiB at most |",
        "|---|---|---|---|---|",
        *(
            f"| {night.grows} | {night.size:,} | {night.seconds:.1f} | {night.a_million:.1f} | {night.gib:.2f} |"
            for night in nights
        ),
        "",
        "[speed.md](speed.md) has the limit, other peers, ten million people and the arithmetic for more.",
    ]
    return "\n".join(lines) + "\n"


def drawn(nights: Sequence[Night]) -> str:
    """Small multiples: one column a thing that grows, time above and memory below."""
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from flows.report.drawing import GAIN, GRID, MUTED

    kinds = list(dict.fromkeys(night.grows for night in nights))
    with mpl.rc_context({"svg.fonttype": "none", "font.size": 8, "svg.hashsalt": "growth"}):
        figure = Figure(figsize=(2.3 * len(kinds), 3.6), layout="constrained")
        FigureCanvasSVG(figure)
        panels = figure.subplots(2, len(kinds), sharey="row", squeeze=False)
        for column, kind in enumerate(kinds):
            those = [night for night in nights if night.grows == kind]
            for row, (values, label) in enumerate(_rows(those)):
                axes = panels[row][column]
                axes.plot([night.size for night in those], values, marker="o", color=GAIN, linewidth=1.4, markersize=4)
                axes.set_ylim(bottom=0)
                axes.grid(axis="y", color=GRID, linewidth=0.6)
                axes.spines[["top", "right"]].set_visible(False)
                axes.tick_params(colors=MUTED)
                if those[-1].size >= 1000:
                    axes.set_xscale("log")
                axes.set_xticks([night.size for night in those], [_short(night.size) for night in those])
                axes.minorticks_off()
                if not column:
                    axes.set_ylabel(label)
                if row:
                    axes.set_xlabel(kind)
        return _svg(figure)


def _rows(nights: Sequence[Night]) -> tuple[tuple[list[float], str], tuple[list[float], str]]:
    return (
        ([night.a_million for night in nights], "s of processor time\nfor a million people"),
        ([night.gib for night in nights], "GiB at most"),
    )


def _short(size: int) -> str:
    return f"{size // 1_000_000}M" if size >= 1_000_000 else f"{size // 1000}k" if size >= 1000 else str(size)


def _svg(figure: Any) -> str:
    import io

    stream = io.StringIO()
    figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


if __name__ == "__main__":
    main()
