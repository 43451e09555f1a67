"""Memory and time of training on shards, from a hundred thousand made-up people to ten million.

    python -m benchmarks.streaming [--rows 100000 1000000 10000000] [--features 40] [--memory]

Every size is a process of its own, which reads a folder as the features stage writes it and trains one epoch; its peak
of resident memory is the operating system's figure. With `--memory` the same people are also trained on as a whole.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.measuring import one_core, show

CHUNK = 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--features", type=int, default=40)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--folder", type=Path, help="for the made-up people; a temporary one by default")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        way, folder = options.worker
        print(json.dumps(train(way, Path(folder))))
        return
    one_core()
    found = []
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        for n_rows in options.rows:
            folder = Path(scratch) / str(n_rows)
            make(folder, n_rows, options.features)
            for way in ("shards", "whole") if options.memory else ("shards",):
                command = [sys.executable, "-m", "benchmarks.streaming", "--worker", way, str(folder)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found.append((n_rows, way, json.loads(done.stdout.splitlines()[-1])))
                print(f"{n_rows:,} rows, {way}: {found[-1][2]}", file=sys.stderr, flush=True)
    show(
        f"one epoch, {options.features} numbers and 2 categories, 3 tasks, one core",
        ("people", "read as", "GiB at most", "seconds", "drawing or reading alone"),
        (
            (f"{n:,}", way, f"{each['gib']:.2f}", f"{each['seconds']:.0f}", f"{each['draw']:.0f}")
            for n, way, each in found
        ),
        note="four fifths of the people train, the others validate",
    )  # fmt: skip


def tasks() -> Any:
    from mtl_models.data.tasks import Task

    kinds = {"number": {"kind": "regression", "unit": "mg"}, "event": {"kind": "binary"}}
    records = [*kinds.items(), ("grade", {"kind": "ordinal", "classes": ("low", "mid", "high")})]
    return tuple(Task(name=name, **record) for name, record in records)  # type: ignore[arg-type]


def make(folder: Path, n_rows: int, n_features: int) -> None:
    """A feature folder of files of a hundred thousand people, each with gaps and labels that lack."""
    import numpy as np
    import polars as pl

    from mtl_models.data.dataset import PERSON
    from mtl_models.data.describe import feature_spec
    from mtl_models.data.shards import SHARD

    for name in ("features", "targets", "splits"):
        (folder / f"{name}.parquet").mkdir(parents=True)
    for number, start in enumerate(range(0, n_rows, CHUNK)):
        random, n = np.random.default_rng(number), min(CHUNK, n_rows - start)
        values = random.normal(size=(n, n_features))
        signal = values[:, :5].sum(axis=1)
        values[random.random(values.shape) < 0.1] = np.nan
        columns = {f"lab__n{place:02}": column for place, column in enumerate(values.T)}
        sites = pl.Series(["a", "b", "c"]).gather(random.integers(0, 3, n)).cast(pl.Enum(["a", "b", "c"]))
        person = pl.Series(PERSON, [f"p{row:09}" for row in range(start, start + n)])
        features = pl.DataFrame({PERSON: person, **columns, "home__site": sites, "home__town": sites.shuffle(number)})
        features = features.with_columns(pl.selectors.float().fill_nan(None))
        targets = pl.DataFrame(
            {
                PERSON: person,
                "number": np.where(random.random(n) < 0.2, np.nan, signal + random.normal(size=n)),
                "event": (signal + random.normal(size=n) > 1).astype(np.int8),
                "grade": np.digitize(signal, [-1, 1]).astype(np.int8),
            }
        ).with_columns(pl.selectors.float().fill_nan(None))
        parts = np.where(random.random(n) < 0.8, "train", "valid")
        splits = pl.DataFrame({PERSON: person, "final": parts})
        for name, frame in (("features", features), ("targets", targets), ("splits", splits)):
            frame.write_parquet(folder / f"{name}.parquet" / f"{number:05}.parquet", row_group_size=SHARD)
        if not start:
            (folder / "features.json").write_text(feature_spec(features).to_json())


def train(way: str, folder: Path) -> dict[str, float]:
    """One epoch on shards or on the whole; seconds of the wall and the peak of memory."""
    from mtl_models.data.shards import Shards, concatenate, draw
    from mtl_models.settings import ModelSettings, TrainingSettings
    from mtl_models.training.fit import FitSettings, TrainingData, fit
    from mtl_models.training.streaming import StreamingSettings, fit_shards

    model = ModelSettings.model_validate({"trunk": {"name": "shared", "widths": [64, 32]}})
    how = FitSettings(model, TrainingSettings(epochs=1, batch_size=1024, optimizer="fused_adamw"))
    start, shards = time.perf_counter(), Shards.open(folder, tasks())
    if way == "shards":
        for part in ("train", "valid"):
            draw(shards.of_part(part), StreamingSettings().sample_rows, 0)
        draws = time.perf_counter() - start
        start = time.perf_counter()
        n_train = fit_shards(shards, how).n_train
    else:
        people, valid = (concatenate(list(each)) for each in (shards, shards.of_part("valid")))
        draws, n_train = time.perf_counter() - start, len(people)
        start = time.perf_counter() - draws
        fit(TrainingData(people, valid, shards.spec, tasks()), how)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"gib": peak, "seconds": seconds, "draw": draws, "n_train": n_train}


if __name__ == "__main__":
    main()
